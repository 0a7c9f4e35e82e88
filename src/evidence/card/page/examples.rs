//! One example of every field that is accepted, and one that is refused.

use crate::domain::Field;
use crate::evidence::card::CardRole;

/// Texts of two cards of `lab/model-7b`.
pub struct Example {
    /// A figure of it is accepted.
    pub accepted: &'static str,
    /// No figure of it is accepted.
    pub refused: &'static str,
    /// What the repository is.
    pub role: CardRole,
}

const fn pair(accepted: &'static str, refused: &'static str) -> Example {
    Example { accepted, refused, role: CardRole::OwnTraining }
}

const TRAINER: &str = "## Training procedure\n\n### Training hyperparameters\n\n- learning_rate: 2e-05\n- train_batch_size: 16\n- num_epochs: 3\n\n### Training results\n\n| Training Loss | Epoch | Step | Validation Loss |\n|---|---|---|---|\n| 0.11 | 1.0 | 170 | 0.4 |\n| 0.01 | 3.0 | 510 | 0.3 |\n";
const STOPPED: &str = "## Training procedure\n\n### Training hyperparameters\n\n- learning_rate: 2e-05\n- train_batch_size: 16\n- num_epochs: 3\n\n### Training results\n\n| Training Loss | Epoch | Step | Validation Loss |\n|---|---|---|---|\n| 0.11 | 1.0 | 170 | 0.4 |\n";
const DEVICES: &str = "## Training procedure\n\n### Training hyperparameters\n\n- train_batch_size: 16\n- distributed_type: multi-GPU\n- num_epochs: 3\n\n### Training results\n\n| Training Loss | Epoch | Step | Validation Loss |\n|---|---|---|---|\n| 0.01 | 3.0 | 510 | 0.3 |\n";
const UNFILLED: &str = "## Environmental Impact\n\n- **Hardware Type:** [More Information Needed]\n- **Hours used:** [More Information Needed]\n- **Cloud Provider:** [More Information Needed]\n- **Compute Region:** [More Information Needed]\n- **Carbon Emitted:** [More Information Needed]\n- **Energy Consumed:** [More Information Needed]\n";
const EMITTED: &str = "## Environmental Impact\n\n- **Carbon Emitted:** 11250 kg CO2 eq.\n";
const EMITTED_WITHOUT_A_UNIT: &str = "## Environmental Impact\n\n- **Carbon Emitted:** 11250\n";
const ALL_DEVICES: &str = "### Training hyperparameters\n\n- train_batch_size: 4\n- num_devices: 8\n- gradient_accumulation_steps: 2\n- total_train_batch_size: 64\n";
const EVALUATION_BATCH: &str = "## Training\n\nThe model was trained with an evaluation batch size of 8.\n";
const SEEN: &str = "## Training\n\n- **Training tokens:** 1.4T tokens\n";
const IN_THE_DATA: &str =
    "## Training\n\nThe corpora used for training the model have 3.47 billion tokens in total. It was trained for 98 epochs.\n";
const STEPS: &str = "## Training\n\nIt was trained for 70,000 steps with a batch size of 1,024.\n";
const WARM_UP: &str = "## Training\n\nThe model was trained with warmup for 10,000 steps.\n";
const RESOLUTION: &str = "## Training\n\n```\naccelerate launch train_dreambooth.py \\\n  --resolution=512 --train_batch_size=1 --learning_rate=5e-6 --max_train_steps=1500\n```\n";
const LEAST_RESOLUTION: &str = "## Training\n\nThe model was trained on images with resolution `>= 1024x1024`.\n";
const BASE: &str = "---\nbase_model: meta-llama/Llama-2-7b\n---\n# Model\n";
const OTHER_BASE: &str = "---\nbase_model: meta-llama/Llama-2-7b\n---\n# Model\n\nThis model is a fine-tuned version of [gpt2](https://huggingface.co/openai-community/gpt2).\n";

/// The examples of a field.
pub fn example(field: Field) -> Example {
    match field {
        Field::EmissionsKgco2e => pair(EMITTED, EMITTED_WITHOUT_A_UNIT),
        Field::EnergyKwh => pair("## Environmental Impact\n\n- **Energy consumed:** 1.5 MWh\n", UNFILLED),
        Field::Accelerator => pair(
            "## Environmental Impact\n\n- **Hardware Type:** 32x A100-80GB\n",
            "## Requirements\n\n- **Hardware:** an A100 for inference\n",
        ),
        Field::AcceleratorCount => {
            pair("## Training\n\nThe model was trained on 384 A100 40GB GPUs.\n", "## Inference\n\n- **Hardware:** 8x A100-80GB\n")
        }
        Field::WallHours => pair(
            "## Training\n\n- **Training time:** 14 days\n",
            "## Training\n\nThe model was trained on 680 hours of labelled speech.\n",
        ),
        Field::AcceleratorHours => pair(
            "## Environmental Impact\n\n- **Hours used:** 480 GPU-hours\n",
            "## Environmental Impact\n\n- **Hours used:** 300-400 GPU-hours\n",
        ),
        Field::TrainFlop => pair("## Training\n\n- **Training FLOPs:** 1.2e21\n", "## Model\n\n- **FLOPs:** 4.5e9\n"),
        Field::TrainTokens => pair(SEEN, IN_THE_DATA),
        Field::TrainSteps => pair(STEPS, WARM_UP),
        Field::BatchSize => pair(ALL_DEVICES, EVALUATION_BATCH),
        Field::Epochs => pair(TRAINER, STOPPED),
        Field::TrainSamples => pair(TRAINER, DEVICES),
        Field::SequenceLength => pair(
            "## Training\n\nThe model was trained with a sequence length of 512 tokens.\n",
            "## Model\n\n- **Context length:** 128000\n",
        ),
        Field::ImageSize => pair(RESOLUTION, LEAST_RESOLUTION),
        Field::ForwardFlop | Field::Role => pair("", ""),
        Field::TotalParams => pair("## Model\n\n- **Parameters:** 7B\n", "## Model\n\n- **Parameters:** 70B\n"),
        Field::ActiveParams => pair("## Model\n\n- **Active parameters:** 3B\n", "## Model\n\n- **Active parameters:** 3-4B\n"),
        Field::Mfu => pair(
            "## Training\n\nWe trained the model on 512 H100 GPUs at 41.5% model FLOPs utilization (MFU).\n",
            "## Deployment\n\nInference runs at 55% MFU.\n",
        ),
        Field::Precision => {
            pair("## Training\n\n- **Precision:** bf16\n", "## Usage\n\nIf you load the model in fp16, you need less memory.\n")
        }
        Field::Country => {
            pair("## Environmental Impact\n\n- **Compute Region:** Germany\n", "## Inference\n\n- **Compute Region:** Germany\n")
        }
        Field::CloudRegion => pair("## Environmental Impact\n\n- **Compute Region:** us-east-1\n", UNFILLED),
        Field::CloudProvider => pair("## Environmental Impact\n\n- **Cloud Provider:** AWS\n", UNFILLED),
        Field::TrainedOn => {
            pair("## Training\n\nTraining happened in early March 2023.\n", "## Data\n\nThe data was collected in March 2023.\n")
        }
        Field::BaseModel => pair(BASE, OTHER_BASE),
        Field::MeasurementTool => pair(
            "## Carbon emissions\n\nTraining emitted 0.5 kg of CO2, measured with CodeCarbon.\n",
            "## Environmental Impact\n\nCarbon emissions can be estimated using the Machine Learning Impact calculator.\n",
        ),
    }
}
