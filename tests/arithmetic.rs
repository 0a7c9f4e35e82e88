//! Models beyond text whose name says architecture and recipe, driven through the binary: from a tag to tier 4, every factor traced.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use common::{Workspace, table};
use hugging_carbon::domain::{EvidenceSource, Field, Flag, ParamsSource, Tier};
use hugging_carbon::tables::{EstimateRow, EvidenceRow, ModelRow};

const INDEX: &str = r#"{"id":"timm/resnet50.a1_in1k","downloadsAllTime":7922151,"pipeline_tag":"image-classification","library_name":"timm","tags":["timm","pytorch","safetensors","image-classification","license:apache-2.0"],"createdAt":"2023-04-05T18:08:16.000Z"}
{"id":"timm/convnext_tiny.in12k_ft_in1k","downloadsAllTime":230295,"pipeline_tag":"image-classification","library_name":"timm","tags":["timm","pytorch","image-classification"],"createdAt":"2022-12-13T07:13:08.000Z"}
{"id":"openai/whisper-small","downloadsAllTime":4288526,"pipeline_tag":"automatic-speech-recognition","library_name":"transformers","tags":["transformers","pytorch","whisper"],"createdAt":"2022-09-26T06:51:27.000Z"}
{"id":"somebody/vit-flowers","downloadsAllTime":12,"pipeline_tag":"image-classification","library_name":"transformers","tags":["transformers","vit","base_model:google/vit-base-patch16-224-in21k","base_model:finetune:google/vit-base-patch16-224-in21k"],"createdAt":"2024-01-05T18:08:16.000Z"}
{"id":"somebody/some-llm","downloadsAllTime":13,"pipeline_tag":"text-generation","library_name":"transformers","tags":["transformers","llama"],"createdAt":"2024-01-05T18:08:16.000Z"}
"#;

fn run() -> Workspace {
    let workspace = Workspace::new();
    let source = workspace.file("index.jsonl", INDEX);
    workspace.ok(&["-q", "run", "--source", source.to_str().unwrap()]);
    workspace
}

#[test]
fn a_tag_reaches_tier_4_with_every_factor_traced() {
    let workspace = run();
    let snapshot = workspace.snapshot();
    let estimates: Vec<EstimateRow> = table(&snapshot);
    let evidence: Vec<EvidenceRow> = table(&snapshot);
    let models: Vec<ModelRow> = table(&snapshot);
    let estimate = |id: &str| estimates.iter().find(|e| e.model_id == id).unwrap_or_else(|| panic!("{id}"));
    let rows = |id: &str, field| evidence.iter().filter(|e| e.model_id == id && e.field == field).collect::<Vec<_>>();

    // 4.11e9 multiply-adds x 2 x 3 x 1,281,167 images x 600 epochs = 1.896e19 FLOP.
    let resnet = estimate("timm/resnet50.a1_in1k");
    // Its paper states 4.6 days on four V100, which repository_facts.csv has: emissions follow from the hours, compute stays counted.
    assert_eq!(resnet.tier_name, Tier::Hardware);
    let flop = resnet.train_flop.p50;
    assert!((flop / 1.896e19 - 1.0).abs() < 0.02, "{flop:e}");
    assert!(resnet.flags.contains(&Flag::ComputeFromArchitectureAndRecipe), "{:?}", resnet.flags);
    for (field, value, locator) in [
        (Field::ForwardFlop, 8.22e9, "architectures.csv:resnet50@224"),
        (Field::Epochs, 600.0, "recipes.csv:a1_in1k"),
        (Field::TrainSamples, 1_281_167.0 * 600.0, "datasets.csv:imagenet-1k"),
    ] {
        // Looked-up facts of the same repository stand beside the recipe.
        let found: Vec<_> =
            rows("timm/resnet50.a1_in1k", field).into_iter().filter(|e| e.source == EvidenceSource::Arithmetic).collect();
        assert_eq!(found.len(), 1, "{field}");
        assert_eq!(
            (found[0].value, found[0].source, found[0].accepted),
            (Some(value), EvidenceSource::Arithmetic, true),
            "{field}"
        );
        assert!(found[0].locator.contains(locator), "{}", found[0].locator);
    }
    let model = models.iter().find(|m| m.model_id == "timm/resnet50.a1_in1k").unwrap();
    // 25.56e6 parameters (torchvision's page of ResNet-50); a looked-up size goes before the architecture's.
    assert_eq!(model.params_source, Some(ParamsSource::RepositoryFacts));
    assert!(model.total_params.is_some_and(|n| (25_500_000..=25_700_000).contains(&n)), "{:?}", model.total_params);

    // A recipe nobody knows: size and FLOP per sample, no tier 4, and a word about it.
    let unknown = estimate("timm/convnext_tiny.in12k_ft_in1k");
    assert!(
        unknown.tier_name > Tier::Compute && unknown.flags.contains(&Flag::ArchitectureKnownRecipeUnknown),
        "{:?}",
        unknown.flags
    );
    assert!(!unknown.flags.contains(&Flag::ComputeFromArchitectureAndRecipe));

    assert_eq!(estimate("openai/whisper-small").tier_name, Tier::Compute);
    let base = rows("somebody/vit-flowers", Field::ForwardFlop);
    assert_eq!((base[0].value, base[0].extractor.as_str()), (Some(3.516e10), "architecture_of_the_base"));
    assert!(rows("somebody/some-llm", Field::ForwardFlop).is_empty());
}
