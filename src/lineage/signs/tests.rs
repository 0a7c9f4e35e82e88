use super::*;

/// The most that a repository is a pre-training, of an owner who is not listed and has `alike` like it.
fn most(id: &str, task: &str, params: Option<i64>, alike: u32) -> Option<f64> {
    let facts = RepoFacts { model_id: id.into(), pipeline_tag: Some(task.into()), rough_params: params, ..RepoFacts::default() };
    let traits = Traits {
        owner_class: OwnerClass::Unlisted,
        owner_repositories: alike,
        owner_alike: alike,
        named_as_base: 0,
        downloads: None,
        names_a_paper: false,
        names_data: false,
        has_tags: false,
        linked_by: None,
        registry_has_its_house: false,
    };
    let signs = Signs {
        facts: &facts,
        traits,
        has_large_base: false,
        base_has_a_base: false,
        has_a_new_size: false,
        has_a_pretrained_sister: false,
    };
    signs.bounds().most_pretrained
}

/// Regression: 2,969 GPT-2s that one bot tuned were pre-trainings with 0.15 each, and 400 large models of strangers with 0.03 to 0.1.
#[test]
fn series_and_large_models_of_strangers_are_hardly_pretrainings() {
    assert_eq!(most("huggingtweets/somebody", "text-generation", None, 2_931), Some(SERIES_PRETRAINED));
    // Regression: two dozen encoders that one person trained, and a hundred, had the bound of tuned series.
    assert_eq!(most("somebody/bert-42", "fill-mask", None, 120), Some(SERIES_OF_ENCODERS_PRETRAINED));
    assert_eq!(most("timm/some_net", "image-classification", None, 1_600), None);
    assert_eq!(most("a/b", "text-generation", None, 12), None);
    assert_eq!(most("a/Dark-31B", "text-generation", Some(31_000_000_000), 1), Some(STRANGERS_PRETRAINED));
    assert_eq!(most("a/Own-31B-Base", "text-generation", Some(31_000_000_000), 1), None);
    assert_eq!(most("a/bert_cn_finetuning", "text-classification", None, 1), Some(0.0));
}

fn of_record(facts: &RepoFacts) -> Vec<String> {
    let signs = Signs {
        facts,
        traits: Traits {
            owner_class: OwnerClass::Unlisted,
            owner_repositories: 12,
            owner_alike: 3,
            named_as_base: 0,
            downloads: Some(7_000),
            names_a_paper: true,
            names_data: false,
            has_tags: true,
            linked_by: None,
            registry_has_its_house: false,
        },
        has_large_base: false,
        base_has_a_base: false,
        has_a_new_size: false,
        has_a_pretrained_sister: false,
    };
    let mut all = Vec::new();
    read_signs(&signs, |kind, value, _| all.push(format!("{kind}={value}")));
    all
}

#[test]
fn signs_of_a_silent_record() {
    let all =
        of_record(&RepoFacts { model_id: "somebody/Qwen3-7B-roleplay-v2".into(), named_size: Some(7e9), ..RepoFacts::default() });
    for sign in [
        "owner=unlisted",
        "owner_repositories=10_to_99",
        "family=anothers_by_nobody_listed",
        "named_size=5b_to_16b",
        "unlisted_size=5b_to_16b",
        "unlisted_size=log10_billions",
        "word=qwen",
        "word=roleplay",
        "task=none",
        "cites=paper",
        "created=none",
        "downloads=1000_to_9999",
        "record=no_counted_size",
    ] {
        assert!(all.iter().any(|s| s == sign), "{sign} {all:?}");
    }
    let mut once = all.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), all.len());
}

#[test]
fn the_floor_of_the_hub_is_no_year() {
    assert_eq!(year_class(1_646_263_744_000), "floor");
    assert_eq!(year_class(1_646_265_600_000), "2022");
    assert_eq!(year_class(1_800_000_000_000), "later");
}
