use super::*;
use crate::reference::Reference;

fn rows(id: &str) -> Vec<(Field, f64, &'static str)> {
    let trainings = Reference::load().unwrap().trainings;
    of_own_name(&trainings, id, None).iter().map(|e| (e.field, e.value.unwrap(), e.extractor)).collect()
}

#[test]
fn a_tag_gives_flop_resolution_epochs_and_samples() {
    let rows = rows("timm/resnet50.a1_in1k");
    assert_eq!(
        rows,
        [
            (Field::ForwardFlop, 8.22e9, "architecture"),
            (Field::ImageSize, 224.0, "architecture"),
            (Field::Epochs, 600.0, "recipe"),
            (Field::TrainSamples, 1_281_167.0 * 600.0, "recipe"),
        ]
    );
}

#[test]
fn every_row_names_its_tables_and_its_source() {
    let trainings = Reference::load().unwrap().trainings;
    for id in ["timm/resnet50.a1_in1k", "facebook/dino-vitb16", "openai/whisper-small", "laion/CLIP-ViT-H-14-laion2B-s32B-b79K"] {
        let rows = of_own_name(&trainings, id, None);
        assert!(rows.len() >= 2, "{id}: {rows:?}");
        for row in rows {
            assert_eq!(row.source, EvidenceSource::Arithmetic, "{id}");
            assert!(row.locator.contains(".csv:") && row.quote.starts_with(id) && row.quote.contains(';'), "{row:?}");
        }
    }
}

#[test]
fn what_is_unknown_stays_unknown() {
    assert!(rows("mistralai/Mistral-7B-v0.1").is_empty());
    // Architecture without a recipe: FLOP and resolution, no samples.
    let fields: Vec<Field> = rows("timm/resnet50.gluon_in1k").iter().map(|r| r.0).collect();
    assert_eq!(fields, [Field::ForwardFlop, Field::ImageSize]);
}

#[test]
fn a_base_gives_flop_alone_and_no_seconds() {
    let trainings = Reference::load().unwrap().trainings;
    let fields = |id: &str| of_base_name(&trainings, id, None).iter().map(|e| (e.field, e.extractor)).collect::<Vec<_>>();
    assert_eq!(fields("google/vit-base-patch16-224-in21k"), [(Field::ForwardFlop, "architecture_of_the_base")]);
    assert!(fields("openai/whisper-small").is_empty());
    let mae = of_base_name(&trainings, "facebook/vit-mae-base", None);
    assert_eq!(mae[0].value, Some(3.516e10), "a fine-tune passes every patch once");
}
