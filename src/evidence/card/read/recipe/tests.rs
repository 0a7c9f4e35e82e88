//! Recipes of real cards, cut to what matters.

use crate::domain::Field;
use crate::evidence::Extracted;
use crate::evidence::card::tests::card_tables;
use crate::evidence::card::{About, CardRole, extract};
use crate::reference::Reference;
use std::sync::LazyLock;

static REFERENCE: LazyLock<Reference> = LazyLock::new(|| Reference::load().unwrap());

fn rows(card: &str) -> Vec<Extracted> {
    let about = About { model_id: "x/mine", role: CardRole::FineTune, base_ids: &[], total_params: None };
    extract(card_tables(&REFERENCE), card, &about)
}

fn value(rows: &[Extracted], field: Field) -> Option<f64> {
    rows.iter().find(|r| r.field == field && r.reject_reason.is_none()).and_then(|r| r.value)
}

fn why(rows: &[Extracted], field: Field) -> Option<String> {
    rows.iter().find(|r| r.field == field).and_then(|r| r.reject_reason.clone())
}

/// A card as the Trainer writes it.
fn trainer(list: &[(&str, &str)], rows: &[(&str, u32)]) -> String {
    let list: String = list.iter().map(|(key, value)| format!("- {key}: {value}\n")).collect();
    let rows: String = rows.iter().map(|(epoch, step)| format!("| 0.1 | {epoch} | {step} | 0.2 |\n")).collect();
    format!(
        "# mine\n\n## Training procedure\n\n### Training hyperparameters\n\nThe following hyperparameters were used during training:\n- learning_rate: 2e-05\n{list}- eval_batch_size: 8\n\n### Training results\n\n| Training Loss | Epoch | Step | Validation Loss |\n|:---:|:---:|:---:|:---:|\n{rows}"
    )
}

#[test]
fn a_trainers_card_tells_the_examples_seen() {
    let got = rows(&trainer(&[("train_batch_size", "16"), ("num_epochs", "3")], &[("1.0", 170), ("3.0", 510)]));
    assert_eq!((value(&got, Field::TrainSteps), value(&got, Field::TrainSamples)), (Some(510.0), Some(8160.0)), "{got:?}");
    let row = got.iter().find(|r| r.field == Field::TrainSamples).unwrap();
    assert_eq!((row.unit, row.extractor), ("samples", "recipe_samples"));
    assert!(row.locator.contains("train_steps 510") && row.locator.contains("batch_size 16"), "{}", row.locator);
    assert_eq!(row.quote, "0.1 | 3.0 | 510 | 0.2");
}

#[test]
fn the_batch_is_that_of_all_devices() {
    let list = [("train_batch_size", "4"), ("num_devices", "8"), ("gradient_accumulation_steps", "2"), ("num_epochs", "1")];
    let stated = [list[0], list[1], list[2], ("total_train_batch_size", "64"), list[3]];
    for list in [&list[..], &stated[..]] {
        let got = rows(&trainer(list, &[("0.5", 50), ("1.0", 100)]));
        assert_eq!((value(&got, Field::BatchSize), value(&got, Field::TrainSamples)), (Some(64.0), Some(6400.0)), "{got:?}");
    }
    let open = [("train_batch_size", "4"), ("distributed_type", "multi-GPU"), ("num_epochs", "1")];
    let got = rows(&trainer(&open, &[("1.0", 100)]));
    assert_eq!(value(&got, Field::TrainSamples), None);
    assert_eq!(why(&got, Field::TrainSamples).as_deref(), Some("the batch is of one device, and their number is not stated"));
}

#[test]
fn a_table_that_ends_before_the_training_is_scaled() {
    let list =
        [("train_batch_size", "32"), ("gradient_accumulation_steps", "8"), ("total_train_batch_size", "256"), ("num_epochs", "30")];
    let got = rows(&trainer(&list, &[("9.41", 800), ("18.82", 1600), ("28.24", 2400)]));
    assert_eq!((value(&got, Field::TrainSteps), value(&got, Field::TrainSamples)), (Some(2550.0), Some(652_800.0)), "{got:?}");
    let row = got.iter().find(|r| r.field == Field::TrainSteps && r.reject_reason.is_none()).unwrap();
    assert!(row.locator.ends_with("step 2400 at epoch 28.24, scaled to 30 epochs"), "{}", row.locator);
    let steps = rows(&trainer(&[("train_batch_size", "8"), ("training_steps", "4000")], &[("1.0", 1500), ("2.0", 3000)]));
    assert_eq!(value(&steps, Field::TrainSamples), Some(32_000.0));
}

#[test]
fn a_training_that_was_stopped_saw_what_its_table_shows() {
    let got = rows(&trainer(&[("train_batch_size", "4"), ("num_epochs", "50")], &[("19.0", 95), ("20.0", 100)]));
    assert_eq!((value(&got, Field::Epochs), value(&got, Field::TrainSamples)), (Some(20.0), Some(400.0)), "{got:?}");
    let steps = rows(&trainer(&[("train_batch_size", "8"), ("training_steps", "12000")], &[("1.0", 1000), ("2.0", 2000)]));
    assert_eq!((value(&steps, Field::TrainSteps), value(&steps, Field::TrainSamples)), (Some(2000.0), Some(16_000.0)));
}

#[test]
fn results_that_go_on_in_a_second_table_are_one_training() {
    let one = trainer(&[("train_batch_size", "4"), ("num_epochs", "4")], &[("1.0", 250), ("2.0", 500)]);
    let more = "\n| Training Loss | Epoch | Step | Loss |\n|:---:|:---:|:---:|:---:|\n| 0.1 | 3.0 | 750 | 0.2 |\n| 0.1 | 4.0 | 1000 | 0.2 |\n";
    let got = rows(&format!("{one}{more}"));
    assert_eq!((value(&got, Field::TrainSteps), value(&got, Field::TrainSamples)), (Some(1000.0), Some(4000.0)), "{got:?}");
}

#[test]
fn two_trainings_in_one_card_give_no_product() {
    let one = trainer(&[("train_batch_size", "4"), ("num_epochs", "1")], &[("1.0", 95)]);
    let two = trainer(&[("train_batch_size", "64"), ("num_epochs", "2")], &[("2.0", 500)]);
    assert_eq!(value(&rows(&format!("{one}\n{two}")), Field::TrainSamples), None);
    let beyond = rows(&trainer(&[("train_batch_size", "4"), ("num_epochs", "5")], &[("2.0", 500), ("9.86", 2500)]));
    assert_eq!(why(&beyond, Field::TrainSamples).as_deref(), Some("the results table goes beyond the stated epochs"));
}

#[test]
fn sentence_transformers_of_both_generations() {
    let old = "## Training\nThe model was trained with the parameters:\n\n**DataLoader**:\n\n`torch.utils.data.dataloader.DataLoader` of length 1386 with parameters:\n```\n{'batch_size': 200, 'sampler': 'torch.utils.data.sampler.RandomSampler'}\n```\n\nParameters of the fit()-Method:\n```\n{\n    \"epochs\": 10,\n    \"evaluation_steps\": 1000,\n    \"steps_per_epoch\": null,\n    \"warmup_steps\": 288\n}\n```\n\n## Full Model Architecture\n```\nSentenceTransformer(\n  (0): Transformer({'max_seq_length': 128, 'do_lower_case': False}) with Transformer model: XLMRobertaModel \n)\n```\n";
    let got = rows(old);
    assert_eq!((value(&got, Field::TrainSteps), value(&got, Field::TrainSamples)), (Some(13_860.0), Some(2_772_000.0)), "{got:?}");
    assert_eq!((value(&got, Field::SequenceLength), value(&got, Field::Epochs)), (Some(128.0), Some(10.0)));
    let loaders =
        old.replace("Parameters of", "`torch.utils.data.dataloader.DataLoader` of length 99 with parameters:\n\nParameters of");
    assert_eq!(value(&rows(&loaders), Field::TrainSamples), None);
    let new = "## Training Details\n\n### Training Dataset\n\n#### all-nli\n\n* Size: 6,300 training samples\n* Columns: <code>anchor</code>\n\n### Evaluation Dataset\n\n* Size: 700 evaluation samples\n\n### Training Hyperparameters\n#### Non-Default Hyperparameters\n\n- `per_device_train_batch_size`: 16\n- `num_train_epochs`: 4\n";
    let got = rows(new);
    assert_eq!(value(&got, Field::TrainSamples), Some(25_200.0), "{got:?}");
    let logged = format!(
        "{new}\n### Training Logs\n| Epoch | Step | Training Loss |\n|:---:|:---:|:---:|\n| 1.2690 | 500 | 0.1 |\n| 2.5381 | 1000 | 0.1 |\n| 3.8071 | 1500 | 0.1 |\n"
    );
    assert_eq!(value(&rows(&logged), Field::TrainSamples), Some(394.0 * 4.0 * 16.0));
}

#[test]
fn configurations_in_code() {
    let unsloth = "## Training\n\n```\n==((====))==  Unsloth - 2x faster free finetuning | Num GPUs = 1\n   \\\\   /|    Num examples = 51,760 | Num Epochs = 1\nO^O/ \\_/ \\    Batch size per device = 2 | Gradient Accumulation steps = 4\n\\        /    Total batch size = 8 | Total steps = 60\n```\n";
    let got = rows(unsloth);
    assert_eq!((value(&got, Field::TrainSteps), value(&got, Field::TrainSamples)), (Some(60.0), Some(480.0)), "{got:?}");
    let axolotl = "## Training\n\n```yaml\nbase_model: microsoft/phi-2\nsequence_len: 2048\nmicro_batch_size: 2\ngradient_accumulation_steps: 4\nnum_epochs: 3\nlearning_rate: 0.0002\n```\n";
    let got = rows(axolotl);
    assert_eq!((value(&got, Field::SequenceLength), value(&got, Field::BatchSize)), (Some(2048.0), None), "{got:?}");
    let dreambooth = "```\naccelerate launch train_dreambooth.py \\\n  --pretrained_model_name_or_path=\"runwayml/stable-diffusion-v1-5\" \\\n  --resolution=768 \\\n  --train_batch_size=2 \\\n  --gradient_accumulation_steps=4 --gradient_checkpointing \\\n  --learning_rate=5e-6 \\\n  --max_train_steps=1500\n```\n";
    let got = rows(dreambooth);
    assert_eq!((value(&got, Field::ImageSize), value(&got, Field::BatchSize)), (Some(768.0), Some(8.0)), "{got:?}");
    assert_eq!(value(&got, Field::TrainSamples), Some(12_000.0), "{got:?}");
    let of_this = dreambooth.replace("runwayml/stable-diffusion-v1-5", "x/mine");
    assert_eq!(value(&rows(&of_this), Field::TrainSamples), None);
    let table = "## Training\n\n| hyperparameter | value |\n|---|---|\n| train_batch_size | 1 |\n| gradient_accumulation_steps | 2 |\n| resolution | 512 |\n| max_train_steps | 1200 |\n";
    let got = rows(table);
    assert_eq!((value(&got, Field::TrainSamples), value(&got, Field::ImageSize)), (Some(2400.0), Some(512.0)), "{got:?}");
}

#[test]
fn keras_numbers_epochs_from_zero() {
    let table = "### Training results\n\n| Train Loss | Validation Loss | Epoch |\n|:---:|:---:|:---:|\n| 1.2 | 1.1 | 0 |\n| 0.9 | 1.0 | 1 |\n| 0.7 | 1.0 | 2 |\n";
    assert_eq!(value(&rows(table), Field::Epochs), Some(3.0));
    assert_eq!(value(&rows(&table.replace("| 1.2 | 1.1 | 0 |\n", "")), Field::Epochs), None);
}

#[test]
fn lengths_and_sides_in_prose() {
    for (text, length) in [
        ("The model was trained with a sequence length of 512 tokens.", Some(512.0)),
        ("It was trained for 250K steps using sequence length 128 (batch size 4096).", Some(128.0)),
        ("We trained for 1 million steps with batches of 256 sequences of length 384.", Some(384.0)),
        ("The model was trained with 1024 sequence length on 8 A100.", Some(1024.0)),
        ("The model was trained with a maximum sequence length of 20 seconds.", None),
        ("Trained with 5e-5 learning rate, 15 epochs, 128 maximum sequence length and 64 batch size.", Some(128.0)),
        ("At inference the sequence length is 512.", None),
        ("Trained with a sequence length of 128, and later with a sequence length of 512.", None),
        ("It was trained with sequence length up to 4096.", None),
    ] {
        assert_eq!(value(&rows(&format!("## Model\n\n{text}\n")), Field::SequenceLength), length, "{text}");
    }
    for (text, side) in [
        ("The model was fine-tuned on 225k steps at resolution 512x512 on LAION.", Some(512.0)),
        ("Trained on the 1.5 model with 768x768 resolution.", Some(768.0)),
        ("It was trained at a resolution of 384x384 pixels.", Some(384.0)),
        ("Trained on 170M examples with resolution `>= 1024x1024`.", None),
        ("It was trained at a resolution of 1024x576.", None),
        ("It is trained on a sequence of fixed-size patches (resolution 16x16).", None),
        ("Generate images at resolution 512x512.", None),
        ("Use slightly higher resolution for better results: 640x640px, 512x768px, 768x512px, etc.", None),
    ] {
        assert_eq!(value(&rows(&format!("## Model\n\n{text}\n")), Field::ImageSize), side, "{text}");
    }
    let context = rows("## Training\n\n- Context length: 128000\n- Sequence length: 4096\n");
    assert_eq!(value(&context, Field::SequenceLength), Some(4096.0));
}

#[test]
fn steps_and_batch_in_prose() {
    let got = rows("## Training\n\nIt was trained for 70,000 steps with a batch size of 1,024.\n");
    assert_eq!(value(&got, Field::TrainSamples), Some(71_680_000.0), "{got:?}");
    let phases = rows(
        "## Training\n\nIt was trained for 520k steps with a batch size of 512 and continuing for 520k steps with a batch size of 64.\n",
    );
    assert_eq!(value(&phases, Field::TrainSamples), None, "{phases:?}");
    let tokens = rows("## Training\n\nIt was trained for 143,000 steps with a batch size of 2M tokens.\n");
    assert_eq!(value(&tokens, Field::TrainSamples), None, "{tokens:?}");
    let seen = rows("## Training\n\nIt was trained on LAION-2B for 34B samples seen.\n");
    assert_eq!(value(&seen, Field::TrainSamples), Some(34e9), "{seen:?}");
}

#[test]
fn devices_of_a_command_that_trained_count_and_those_of_a_guide_do_not() {
    let flags = "--model_name_or_path x/base --num_train_epochs 3 --per_device_train_batch_size 4";
    for (card, devices) in [
        (format!("# m\n\n## Training\n\n```\ntorchrun --nnodes=2 --nproc_per_node=8 train.py {flags}\n```\n"), Some(16.0)),
        (format!("# m\n\nTrained on poems.\n\n```\n./zip/train.py --world-size 4 {flags}\n```\n"), Some(4.0)),
        (
            format!("# m\n\n## Training\n\nTo adapt it to your data:\n\n```\ntorchrun --nproc_per_node 8 train.py {flags}\n```\n"),
            None,
        ),
        (format!("# m\n\n## Training\n\n```\ntorchrun --nproc_per_node 8 train.py --data path/to/data {flags}\n```\n"), None),
        ("# m\n\n## Usage\n\n```\ntorchrun --nproc_per_node 8 generate.py --max_batch_size 4\n```\n".to_owned(), None),
    ] {
        assert_eq!(value(&rows(&card), Field::AcceleratorCount), devices, "{card}");
    }
}

#[test]
fn passes_of_a_configuration_that_may_end_early_are_a_plan() {
    let dump = |patience| format!("# m\n\n## ASR config\n\n```\nmax_epoch: 60\npatience: {patience}\noptim: adam\n```\n");
    assert_eq!(value(&rows(&dump("null")), Field::Epochs), Some(60.0));
    assert!(why(&rows(&dump("4")), Field::Epochs).is_some_and(|why| why.contains("early stopping")));
}

/// Regression: of NeMo and Lightning the devices of one node were all of them; Composer, fairseq and kohya were read in part.
#[test]
fn configurations_of_more_tools() {
    let code = |text: &str| rows(&format!("# m\n\n## Training\n\n```\n{text}\n```\n"));
    let nemo = code(
        "trainer:\n  devices: 8\n  num_nodes: 4\n  max_steps: 30000\nmodel:\n  micro_batch_size: 4\n  global_batch_size: 512\n  validation_ds:\n    batch_size: 16",
    );
    assert_eq!((value(&nemo, Field::AcceleratorCount), value(&nemo, Field::BatchSize)), (Some(32.0), Some(512.0)), "{nemo:?}");
    let composer =
        code("max_duration: 4800ba\neval_interval: 500ba\nglobal_train_batch_size: 512\ndevice_train_microbatch_size: 8");
    assert_eq!((value(&composer, Field::TrainSteps), value(&composer, Field::BatchSize)), (Some(4800.0), Some(512.0)));
    assert_eq!(value(&code("max_duration: 2ep\nglobal_train_batch_size: 64"), Field::Epochs), Some(2.0));
    let fairseq = code(
        "fairseq-train data --max-update 500000 --batch-size 16 --update-freq 32 \\\n  --tokens-per-sample 512 --distributed-world-size 16 --max-tokens 4096",
    );
    let got = (value(&fairseq, Field::TrainSteps), value(&fairseq, Field::BatchSize), value(&fairseq, Field::SequenceLength));
    assert_eq!(got, (Some(500_000.0), Some(8192.0), Some(512.0)), "{fairseq:?}");
    let seen = code("CUDA_VISIBLE_DEVICES=0,1 python train.py --batch-size 32 --epochs 90");
    assert_eq!(value(&seen, Field::AcceleratorCount), Some(2.0), "{seen:?}");
    // Two stages in one block, and a training that may end early.
    let two = code("stage_one:\n  max_steps: 2000\nstage_two:\n  max_steps: 5000\nlearning_rate: 1e-4");
    assert_eq!(value(&two, Field::TrainSteps), None, "{two:?}");
    let early = code("trainer = Trainer(max_epochs=100, callbacks=[EarlyStopping('val_loss')])");
    assert!(why(&early, Field::Epochs).is_some_and(|why| why.contains("early stopping")), "{early:?}");
}

#[test]
fn examples_of_a_pass_in_tables_and_lines() {
    let table = "## Data\n\n| Split | Rows |\n|---|---|\n| train | 40,000 |\n| test | 2,000 |\n\n## Training\n\n- Epochs: 5\n";
    assert_eq!(value(&rows(table), Field::TrainSamples), Some(200_000.0));
    let line = "## Training\n\n- Training set: 84,000 pairs\n- Validation set: 4,000 pairs\n- Epochs: 2\n";
    assert_eq!(value(&rows(line), Field::TrainSamples), Some(168_000.0));
    assert_eq!(value(&rows(&line.replace("84,000 pairs", "84 hours of speech")), Field::TrainSamples), None);
}

/// Regression: a batch in tokens that was told by its factors was lost.
#[test]
fn batches_by_their_factors() {
    for (text, batch) in [
        ("- Effective batch: 16 micro-batch x 8 grad-accum x 512 ctx = 65,536 tokens/step", Some(128.0)),
        ("- Batch size: 8 (gradient accumulation 4, so 32 effective)", Some(32.0)),
        ("We used batches of 0.5M tokens, i.e. 256 sequences of 2,048 tokens.", Some(256.0)),
        ("- Global batch size: 4M tokens", None),
    ] {
        assert_eq!(value(&rows(&format!("## Training\n\n{text}\n")), Field::BatchSize), batch, "{text}");
    }
    assert_eq!(value(&rows("## Training\n\n- Epochs - 16\n"), Field::Epochs), Some(16.0));
}
