//! Names against the tables, and compute against arithmetic written out.

use super::*;
use crate::method::chain;
use crate::reference::Reference;
use crate::units::Flop;

fn trainings() -> crate::reference::Table<Trainings> {
    Reference::load().unwrap().trainings
}

fn compute(trainings: &Trainings, id: &str) -> Option<f64> {
    let named = trainings.named(id, None)?;
    Some(chain::sample_training_flop(Flop(named.forward_flop()?), named.samples_seen()?).0)
}

/// Each by hand: multiply-adds as the paper prints them x 2 x 3 x images x epochs.
#[test]
fn five_weights_of_timm_by_hand() {
    let table = trainings();
    for (id, by_hand) in [
        // ResNet strikes back: 600 epochs of 1.28e6 images, 4.1e9 multiply-adds at 224 pixels: 1.9e19.
        ("timm/resnet50.a1_in1k", 4.1e9 * 2.0 * 3.0 * 1.28e6 * 600.0),
        // Its third recipe: 100 epochs at 160 pixels, (160 / 224)^2 = 0.51 of the multiply-adds.
        ("timm/resnet50.a3_in1k", 4.1e9 * 0.51 * 2.0 * 3.0 * 1.28e6 * 100.0),
        // ConvNeXt-B, fine-tuned from ImageNet-22k: 30 epochs at 224 pixels, 15.4e9 multiply-adds; the 90 epochs before are another run's.
        ("timm/convnext_base.fb_in22k_ft_in1k", 15.4e9 * 2.0 * 3.0 * 1.28e6 * 30.0),
        // ViT-B/16 on ImageNet-21k: 300 epochs of 14.2e6 images, 17.6e9 multiply-adds.
        ("timm/vit_base_patch16_224.augreg_in21k", 17.6e9 * 2.0 * 3.0 * 14.2e6 * 300.0),
        // Swin-T: 300 epochs, 4.5e9 multiply-adds.
        ("timm/swin_tiny_patch4_window7_224.ms_in1k", 4.5e9 * 2.0 * 3.0 * 1.28e6 * 300.0),
    ] {
        let flop = compute(&table, id).unwrap();
        assert!((flop / by_hand - 1.0).abs() < 0.03, "{id}: {flop:e} against {by_hand:e}");
    }
    let first = compute(&table, "timm/resnet50.a1_in1k").unwrap();
    assert!((first / 1.9e19 - 1.0).abs() < 0.02, "{first:e}");
}

/// The same weights under the names of other libraries.
#[test]
fn names_of_other_namespaces_lead_to_the_same_rows() {
    let table = trainings();
    for (id, other) in [
        ("facebook/convnext-base-224-22k-1k", "timm/convnext_base.fb_in22k_ft_in1k"),
        ("facebook/convnext-base-224", "timm/convnext_base.fb_in1k"),
        ("facebook/deit-base-patch16-224", "timm/deit_base_patch16_224.fb_in1k"),
        ("microsoft/swin-tiny-patch4-window7-224", "timm/swin_tiny_patch4_window7_224.ms_in1k"),
        ("microsoft/resnet-50", "timm/resnet50.a1_in1k"),
        ("facebook/vit-mae-base", "timm/vit_base_patch16_224.mae"),
        ("facebook/levit-128S", "timm/levit_128s.fb_dist_in1k"),
        ("facebook/regnet-x-002", "timm/regnetx_002.pycls_in1k"),
        ("facebook/regnet-y-320", "timm/regnety_320.pycls_in1k"),
        ("facebook/regnet-y-1280-seer", "timm/regnety_1280.seer"),
    ] {
        let (a, b) = (compute(&table, id).unwrap(), compute(&table, other).unwrap());
        assert!((a / b - 1.0).abs() < 1e-9, "{id}: {a:e}, {other}: {b:e}");
    }
}

/// Regression: facebook's copies of RegNet had neither architecture nor recipe. Two of them are weights of other recipes (augmented, and with a
/// teacher), and what was tuned on SEER has 384 pixels.
#[test]
fn regnets_on_the_hub_have_their_architecture() {
    let table = trainings();
    let of = |id: &str| {
        table.named(id, None).map(|n| (n.architecture.architecture.as_str(), n.architecture.resolution, n.recipe.is_some()))
    };
    assert_eq!(of("facebook/regnet-y-320"), Some(("regnety_320", 224.0, true)));
    assert_eq!(of("facebook/regnet-y-320-seer-in1k"), Some(("regnety_320", 384.0, false)));
    assert_eq!(of("facebook/regnet-y-032"), Some(("regnety_032", 224.0, false)));
    assert_eq!(of("facebook/regnet-y-160"), Some(("regnety_160", 224.0, false)));
    // Its shape is in no table.
    assert_eq!(of("facebook/regnet-y-10b-seer"), None);
    let seer = compute(&table, "facebook/regnet-y-1280-seer").unwrap();
    assert!((seer / (3.0 * 2.553e11 * 2.735 * 1e9) - 1.0).abs() < 0.01, "{seer:e}");
}

/// A tag means what it means for its architecture, and nothing in another namespace; a name alone has an architecture and no recipe.
#[test]
fn tags_hold_in_their_namespace_and_for_their_architecture() {
    let table = trainings();
    let recipe = |id: &str, library| table.named(id, library).and_then(|n| n.recipe).map(|r| r.recipe.clone());
    assert_eq!(recipe("timm/convnext_tiny.fb_in1k", None).as_deref(), Some("fb_in1k_convnext"));
    assert_eq!(recipe("timm/deit_tiny_patch16_224.fb_in1k", None).as_deref(), Some("fb_in1k_deit"));
    assert_eq!(recipe("timm/test_vit3.r160_in1k", None).as_deref(), Some("r160_in1k_test_vit3"));
    assert_eq!(recipe("timm/test_vit.r160_in1k", None).as_deref(), Some("r160_in1k_test"));
    assert_eq!(recipe("somebody/convnext_tiny.fb_in1k", Some("timm")), None);
    assert!(table.named("somebody/convnext_tiny.fb_in1k", Some("timm")).is_some());
    assert!(table.named("somebody/convnext_tiny.fb_in1k", None).is_none());
    assert!(table.named("timm/resnet50", None).is_some_and(|n| n.recipe.is_none()));
    for unknown in
        ["timm/no_such_architecture.a1_in1k", "google/gemma-7b", "resnet50", "facebook/dinov2-base-imagenet1k-1-layer", ""]
    {
        assert!(table.named(unknown, None).is_none(), "{unknown}");
    }
}

/// A recipe at a resolution that the architecture's row has not: by the area, and none where that is too far.
#[test]
fn a_forward_pass_follows_the_area() {
    let rows = |resolution: f64| {
        let recipe = format!(
            "recipe,tag,architectures,ids,dataset,epochs,samples_seen,resolution,passes,base_recipe,derivation,source,vintage,evidence\na,x/a,*,,,,10,{resolution},2,,d,s,v,seen\n"
        );
        let architecture =
            "architecture,resolution,unit,forward_flop,params,trained_as,ids,derivation,source,vintage\nn,100,image,1e9,,,,,s,v\n";
        let read =
            |text: &str| csv::Reader::from_reader(text.as_bytes()).deserialize().map(Result::unwrap).collect::<Vec<Architecture>>();
        let recipes = csv::Reader::from_reader(recipe.as_bytes()).deserialize().map(Result::unwrap).collect();
        Trainings::new(read(architecture), Vec::new(), recipes).unwrap()
    };
    let flop = |resolution| rows(resolution).named("x/n.a", None).unwrap().forward_flop();
    assert_eq!(flop(200.0), Some(1e9 * 4.0 * 2.0));
    assert_eq!(flop(50.0), Some(1e9 * 0.25 * 2.0));
    assert_eq!(flop(400.0), None);
}

/// Whisper large-v3: 5e6 hours twice, 115 GFLOP for the forward pass of a second: some 1e22 FLOP, not the 2.7e23 of outside estimates.
#[test]
fn sound_is_counted_by_the_second() {
    let table = trainings();
    let large = compute(&table, "openai/whisper-large-v3").unwrap();
    assert!((large / (3.0 * 1.15e11 * 5e6 * 3600.0 * 2.0) - 1.0).abs() < 0.01, "{large:e}");
    // wav2vec 2.0 base: 400,000 updates of 1.6 hours (arXiv 2006.11477, section 4.2), 14 GFLOP a second.
    let base = compute(&table, "facebook/wav2vec2-base").unwrap();
    assert!((base / (3.0 * 1.4e10 * 400_000.0 * 1.6 * 3600.0) - 1.0).abs() < 0.1, "{base:e}");
}

/// Every base recipe is in the table, every tag that an architecture was trained with is one of timm's, and recipes without a pattern of
/// architectures have ids.
#[test]
fn rows_lead_to_each_other() {
    let table = trainings();
    let known: BTreeSet<&str> = table.recipes().iter().map(|r| r.recipe.as_str()).collect();
    for recipe in table.recipes() {
        assert!(recipe.base_recipe.as_deref().is_none_or(|base| known.contains(base)), "{}", recipe.recipe);
        assert_eq!(recipe.tag.is_some(), recipe.architectures.is_some(), "{}", recipe.recipe);
        assert!(recipe.tag.is_some() || recipe.ids.is_some(), "{}", recipe.recipe);
    }
    assert!(table.architectures().len() > 1_000 && table.datasets().count() > 15);
}
