//! Real hardware texts of cards, papers and the registry, read by hand.

use super::counts::MOST_DEVICES;
use super::*;
use crate::reference::Reference;
use std::sync::LazyLock;

static REFERENCE: LazyLock<Reference> = LazyLock::new(|| Reference::load().unwrap());

fn in_field(text: &str) -> (Openness, Vec<String>, Option<u32>) {
    let reference = &*REFERENCE;
    let read = read_hardware(&reference.accelerators, text, Context::Field);
    (read.openness, read.names(), read.count)
}

#[test]
fn exact_chips_with_their_counts() {
    for (text, chip, count) in [
        ("8 x NVIDIA A100-SXM4-80GB", "NVIDIA A100 SXM4 80GB", Some(8)),
        ("NVIDIA A100-SXM4-40GB", "NVIDIA A100 SXM4 40GB", None),
        ("4 RTX3090 24GB GPUs", "NVIDIA RTX 3090", Some(4)),
        ("1 x NVIDIA GeForce RTX 3090", "NVIDIA RTX 3090", Some(1)),
        ("Colab T4", "NVIDIA T4", Some(1)),
        ("2xT4", "NVIDIA T4", Some(2)),
        ("Tesla V100-SXM2-32GB (x16)", "NVIDIA V100 SXM2 32GB", Some(16)),
        ("eight A40s", "NVIDIA A40", Some(8)),
        ("64 x AMD MI250X", "AMD Instinct MI250X", Some(64)),
        ("a single RTX A6000", "NVIDIA RTX A6000", Some(1)),
        ("32 nodes each with 4 MI250X", "AMD Instinct MI250X", Some(128)),
        ("32 x 8 x H200 SXM", "NVIDIA H200 SXM 141GB", Some(256)),
        ("1,024 Google TPU v4 chips", "Google TPU v4", Some(1024)),
    ] {
        assert_eq!(in_field(text), (Openness::Exact, vec![chip.to_owned()], count), "{text}");
    }
}

/// The suffix counts TensorCores up to v4 and in v5p, chips in v5e and v6e.
#[test]
fn tpu_slices_count_chips() {
    for (text, chip, count) in [
        ("TPU v3-8", "Google TPU v3", 4),
        ("1 TPU v3-8 VM", "Google TPU v3", 4),
        ("TPUv3-8 for about 180 hours or 7.5 days", "Google TPU v3", 4),
        ("a TPU v3-256 pod", "Google TPU v3", 128),
        ("v5litepod-16 TPU", "Google TPU v5e", 16),
        ("two TPU v4-32", "Google TPU v4", 32),
    ] {
        assert_eq!(in_field(text), (Openness::Exact, vec![chip.to_owned()], Some(count)), "{text}");
    }
    assert_eq!(in_field("TPU v3").2, None, "a generation is no slice");
}

#[test]
fn what_a_text_leaves_open_has_candidates() {
    let (openness, chips, count) = in_field("384 A100 80GB GPUs");
    assert_eq!((openness, count), (Openness::Variant, Some(384)));
    assert_eq!(chips, ["NVIDIA A100 PCIe 80GB", "NVIDIA A100 SXM4 80GB"]);
    let (openness, chips, count) = in_field("32 V100 32Gb GPUs, 1216 GPU hours");
    assert_eq!((openness, count, chips.len()), (Openness::Variant, Some(32), 2), "{chips:?}");
    assert_eq!(in_field("8 16GB V100").2, Some(8));
    let (openness, chips, count) = in_field("1 A4000 GPU or 1 P4000 GPU, 130600 steps / 1s / 3600 = 36.28");
    assert_eq!(count, Some(1), "{chips:?}");
    assert!(openness == Openness::Alternatives || chips.len() == 1, "the P4000 may be missing from the table: {chips:?}");
    assert_eq!(in_field("2 A40 and 4 L40S").0, Openness::Several);
}

#[test]
fn machines_are_chips_and_their_number() {
    for (text, chip, count) in [
        ("a2-highgpu-8g", "NVIDIA A100 SXM4 40GB", 8),
        ("p4d.24xlarge", "NVIDIA A100 SXM4 40GB", 8),
        ("2 x p4d.24xlarge", "NVIDIA A100 SXM4 40GB", 16),
        ("Standard_ND96isr_H100_v5", "NVIDIA H100 SXM5 80GB", 8),
    ] {
        assert_eq!(in_field(text), (Openness::Exact, vec![chip.to_owned()], Some(count)), "{text}");
    }
}

#[test]
fn lookalikes_name_no_chip() {
    let reference = &*REFERENCE;
    for text in
        ["", "unknown", "a warm laptop", "COCO2017", "ViT-L/14 with 24 layers", "More information needed", "GPT4", "T5-base"]
    {
        let read = read_hardware(&reference.accelerators, text, Context::Field);
        assert_eq!(read.openness, Openness::Unnamed, "{text}: {:?}", read.names());
    }
    // In prose a number or a short code needs a word of hardware beside it.
    for text in ["we trained for 3090 steps", "the M4 competition data set", "layer L4 is frozen", "an A10 paper sheet"] {
        let read = read_hardware(&reference.accelerators, text, Context::Prose);
        assert_eq!(read.openness, Openness::Unnamed, "{text}: {:?}", read.names());
    }
    assert_eq!(read_hardware(&reference.accelerators, "on one T4 GPU", Context::Prose).names(), ["NVIDIA T4"]);
    // What counts such a code as one thing does so, too.
    for (text, count) in [("È bastata una sola T4.", 1), ("Just one 4090, default settings", 1), ("lending the two 4090s", 2)] {
        assert_eq!(read_hardware(&reference.accelerators, text, Context::Prose).count, Some(count), "{text}");
    }
}

#[test]
fn numbers_in_words_of_two_parts_count_devices() {
    let reference = &*REFERENCE;
    for (text, count) in [
        ("trained with thirty-two A800 cards", 32),
        ("access to a dozen A40s", 12),
        ("two dozen H100 GPUs", 24),
        ("an 8-way A100 node", 8),
        ("على بطاقة A100 واحدة", 1),
    ] {
        assert_eq!(read_hardware(&reference.accelerators, text, Context::Prose).count, Some(count), "{text}");
    }
}

/// Regression: one GPU of a DGX A100 was eight, and half a DGX-2 was sixteen.
#[test]
fn a_part_of_a_machine_is_no_whole_machine() {
    let reference = &*REFERENCE;
    for (text, count) in [
        ("on a DGX A100", Some(8)),
        ("one GPU of a DGX A100", Some(1)),
        ("a DGX A100 slice, 2 GPUs", Some(2)),
        ("half a DGX H100 (4 of the 8 GPUs)", Some(4)),
        ("half of a DGX-2: 8 V100", Some(8)),
        ("4 A100 of our DGX station", Some(4)),
        ("2x DGX A100 80GB (16 GPUs)", Some(16)),
        ("four DGX H200 nodes", Some(32)),
        ("a cluster of DGX H100 systems", None),
        ("DGX H100 nodes", None),
        ("an HGX A100 server (4 x A100 80GB)", Some(4)),
        ("an Intel Gaudi 3 node (8x HL-325L)", Some(8)),
        ("an A100 node", None),
    ] {
        assert_eq!(read_hardware(&reference.accelerators, text, Context::Prose).count, count, "{text}");
    }
}

/// Regression: what shows as two devices was counted twice, names were counts, and an M4 Pro was an M4.
#[test]
fn chips_beyond_the_usual() {
    let reference = &*REFERENCE;
    for (text, chip, count) in [
        ("128 AMD MI250X GCDs", "AMD Instinct MI250X", Some(64)),
        ("64 MI250X GPUs (128 GCDs)", "AMD Instinct MI250X", Some(64)),
        ("NVIDIA GeForce RTX 3070 Laptop GPU", "NVIDIA RTX 3070 Laptop", None),
        ("a Mac mini with the M4 Pro chip", "Apple M4 Pro", Some(1)),
        ("64 张昇腾 910B3 加速卡", "Huawei Ascend 910B", Some(64)),
        ("8 张海光 K100 加速卡", "Hygon K100", Some(8)),
        ("TPU v5e-16 (16 chips)", "Google TPU v5e", Some(16)),
        ("two Kaggle T4s", "NVIDIA T4", Some(2)),
    ] {
        let read = read_hardware(&reference.accelerators, text, Context::Prose);
        assert_eq!((read.names(), read.count), (vec![chip.to_owned()], count), "{text}");
    }
    // A slot is no Mac, and a number in an unknown name counts nothing.
    assert_eq!(read_hardware(&reference.accelerators, "an M.2 disk", Context::Field).openness, Openness::Unnamed);
    assert_eq!(read_hardware(&reference.accelerators, "4 NVIDIA X990 GPUs", Context::Prose).count, Some(4));
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in ".{0,80}") {
        let reference = &*REFERENCE;
        let read = read_hardware(&reference.accelerators, &text, Context::Field);
        proptest::prop_assert!(read.count.is_none_or(|n| (1..=MOST_DEVICES).contains(&n)));
    }
}
