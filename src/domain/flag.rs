//! Assumptions and warnings of an estimate.

use super::{Beside, Step, Tier, TrainingStage, closed_set};

closed_set! {
    /// Assumption or warning of an estimate.
    enum Flag {
        /// The size was read from the repository's name.
        ParamsFromName = "params_from_name",
        /// The size was read from the model card.
        ParamsFromCard = "params_from_card",
        /// The size is the base model's.
        ParamsFromBase = "params_from_base",
        /// The size is that of models of its kind, modality and class of owner.
        ParamsFromCategory = "params_from_category",
        /// Active parameters follow from the total by regression over mixtures of experts.
        ActiveParamsFromRegression = "active_params_from_regression",
        /// The date of training is that of the repository.
        TrainedOnFromCreatedAt = "trained_on_from_created_at",
        /// The date of training is the Hub's earliest, which means "on or before".
        TrainedOnFromCreatedAtFloor = "trained_on_from_created_at_floor",
        /// Nothing tells the date of training; 2024 is assumed.
        TrainedOnUnknown2024Assumed = "trained_on_unknown_2024_assumed",
        /// Nothing tells the date of training; the years are those of repositories of the index that have no date either and are dated
        /// otherwise (`models.possible_years`).
        TrainedOnAsOfUndatedRepositories = "trained_on_as_of_undated_repositories",
        /// Emissions are reported and were refused; `evidence` says why.
        ReportedEmissionsRefused = "reported_emissions_refused",
        /// Reported emissions are more than any training of this size can emit: passed over.
        ReportedEmissionsBeyondAnyTrainingOfThisSize = "reported_emissions_beyond_any_training_of_this_size",
        /// Reported energy is more than any training of this size can take: passed over.
        ReportedEnergyBeyondAnyTrainingOfThisSize = "reported_energy_beyond_any_training_of_this_size",
        /// Reported emissions over stated compute lie outside the band of published runs: passed over.
        ReportedEmissionsOutsideAtciBand = "reported_emissions_outside_atci_band",
        /// Reported emissions are below a gram per device hour: passed over.
        ReportedEmissionsBelow1GPerAcceleratorHour = "reported_emissions_below_1_g_per_accelerator_hour",
        /// Stated figures cannot be those of one training, such as more compute than the chips do in the hours: passed over.
        StatedFiguresContradict = "stated_figures_contradict",
        /// Device hours are devices times hours by the clock.
        DeviceHoursFromCountAndWallHours = "device_hours_from_count_and_wall_hours",
        /// Reported energy is taken as that of the facility; the source does not say.
        EnergyTakenAsFacilityEnergy = "energy_taken_as_facility_energy",
        /// Beside reported emissions the energy is stated, too: it does not follow from them.
        EnergyIsStated = "energy_is_stated",
        /// Beside reported emissions or energy the device hours are stated, too: they do not follow from them.
        AcceleratorHoursAreStated = "accelerator_hours_are_stated",
        /// The size is that of the architecture that the repository's name gives.
        ParamsFromArchitecture = "params_from_architecture",
        /// Compute is three forward passes per sample times the samples of a known recipe.
        ComputeFromArchitectureAndRecipe = "compute_from_architecture_and_recipe",
        /// The architecture is known and its recipe is not: compute goes by the FLOP of a forward pass, or by size.
        ArchitectureKnownRecipeUnknown = "architecture_known_recipe_unknown",
        /// Nothing states the compute; it follows backwards from emissions, energy or hours.
        ComputeImpliedByTheChain = "compute_implied_by_the_chain",
        /// Compute is what continued pre-trainings take of the pre-training they start from.
        ComputeIsAContinuedShare = "compute_is_a_continued_share_of_the_pretraining",
        /// Compute is what supervised fine-tuning takes of the pre-training it starts from.
        ComputeIsASftShare = "compute_is_a_sft_share_of_the_pretraining",
        /// Compute is what preference optimization takes of the pre-training it starts from.
        ComputeIsAPreferenceShare = "compute_is_a_preference_share_of_the_pretraining",
        /// Compute is what a chat release takes of the pre-training it starts from.
        ComputeIsAChatReleaseShare = "compute_is_a_chat_release_share_of_the_pretraining",
        /// Compute is what long reinforcement learning takes of the pre-training it starts from.
        ComputeIsALongRlShare = "compute_is_a_long_rl_share_of_the_pretraining",
        /// Compute is what distillation of reasoning takes of the pre-training it starts from.
        ComputeIsAReasoningDistillationShare = "compute_is_a_reasoning_distillation_share_of_the_pretraining",
        /// Compute is what adapters take of the pre-training they start from.
        ComputeIsAnAdapterShare = "compute_is_a_adapter_share_of_the_pretraining",
        /// Compute is what fine-tuning of a diffusion model takes of the pre-training it starts from.
        ComputeIsADiffusionFinetuneShare = "compute_is_a_diffusion_finetune_share_of_the_pretraining",
        /// Compute is what agents take that learn in an environment of that kind: steps times FLOP per step.
        ComputeOfAnAgentByItsEnvironment = "compute_of_an_agent_by_its_environment",
        /// Nothing states how long a sample is: what samples of that task usually are.
        SampleLengthOfTheTask = "sample_length_of_the_task",
        /// N is without the embeddings of the vocabulary that are only looked up: of labels and vectors all, of masked words 0.85 of them.
        EmbeddingsLookedUp = "embeddings_looked_up",
        /// The size is above the largest or below the smallest fine-tune of that method and kind of owner that the regression has seen: its
        /// error is drawn wider.
        SizeOutsideTheFineTunesSeen = "size_outside_the_fine_tunes_seen",
        /// How many tokens the house's other trainings saw moves what the regression predicts.
        TokensOfTheHouse = "tokens_of_the_house",
        /// The evidence leaves the variant of the accelerator open.
        AcceleratorVariantOpen = "accelerator_variant_open",
        /// Nothing states the accelerator: what runs of that kind and year used.
        AcceleratorMixture = "accelerator_mixture",
        /// No chip is stated; those stated of the training that it starts from, by the same house, were taken.
        AcceleratorOfTheBase = "accelerator_of_the_base",
        /// Power over its rating was measured on another vendor's accelerators, for the chip or some of the mixture.
        PowerRatioOfAnotherVendor = "power_ratio_of_another_vendor",
        /// Facility overhead is the average of the operator's class.
        PueClassAverage = "pue_class_average",
        /// Facility overhead is the average of a survey of the industry or, the likelier the training ran on several machines, of public clouds.
        PueSurveyAverage = "pue_survey_average",
        /// Facility overhead is that of the operator the owner is known to use.
        PueOfTheOwnersOperator = "pue_of_the_owners_operator",
        /// The grid value is of a year two or more away.
        GridOfAnotherYear = "grid_of_another_year",
        /// The grid value counts what plants emit, not their supply chains.
        GridDirectNotLifecycle = "grid_direct_not_lifecycle",
        /// The grid is that of the owner's country and, less likely, of others where its like train.
        GridOwnerCountry = "grid_owner_country",
        /// The grid is a mixture of the countries of published runs.
        GridCountryMixture = "grid_country_mixture",
        /// The grid is the world's average.
        GridWorldAverage = "grid_world_average",
        /// Nothing certain tells what was trained: draws are dealt to the roles by their probabilities (`p_` columns of `models`).
        RoleIsUncertain = "role_is_uncertain",
        /// A reviewed correction of the repository met a value that it does not know; it was applied.
        CorrectionMetAnotherValue = "correction_met_another_value",
        /// Emissions over compute of the estimate lie outside the band of published runs.
        AtciOutsidePublishedBand = "atci_outside_published_band",
    }
}

/// Flags that are about a factor of the calculation, with the step that takes it.
const OF_FACTORS: [(Flag, Step); 12] = [
    (Flag::AcceleratorVariantOpen, Step::Power),
    (Flag::AcceleratorMixture, Step::Power),
    (Flag::AcceleratorOfTheBase, Step::Power),
    (Flag::PowerRatioOfAnotherVendor, Step::Power),
    (Flag::PueClassAverage, Step::Overhead),
    (Flag::PueSurveyAverage, Step::Overhead),
    (Flag::PueOfTheOwnersOperator, Step::Overhead),
    (Flag::GridOfAnotherYear, Step::Grid),
    (Flag::GridDirectNotLifecycle, Step::Grid),
    (Flag::GridOwnerCountry, Step::Grid),
    (Flag::GridCountryMixture, Step::Grid),
    (Flag::GridWorldAverage, Step::Grid),
];

impl Flag {
    /// Whether the calculation of a tier takes what the flag is about: a row has the factors of its run, also those that reported emissions,
    /// energy or hours make idle.
    #[must_use]
    pub fn is_taken(self, tier: Tier, beside: Beside) -> bool {
        let factor = OF_FACTORS.iter().find(|(flag, _)| *flag == self);
        factor.is_none_or(|(_, factor)| tier.steps(beside).iter().any(|(step, _)| step == factor))
    }

    /// Compute by the share of a stage of post-training.
    #[must_use]
    pub const fn compute_share(stage: TrainingStage) -> Self {
        match stage {
            TrainingStage::Continued => Self::ComputeIsAContinuedShare,
            TrainingStage::Sft => Self::ComputeIsASftShare,
            TrainingStage::Preference => Self::ComputeIsAPreferenceShare,
            TrainingStage::ChatRelease => Self::ComputeIsAChatReleaseShare,
            TrainingStage::LongRl => Self::ComputeIsALongRlShare,
            TrainingStage::ReasoningDistillation => Self::ComputeIsAReasoningDistillationShare,
            TrainingStage::Adapter => Self::ComputeIsAnAdapterShare,
            TrainingStage::DiffusionFinetune => Self::ComputeIsADiffusionFinetuneShare,
        }
    }

    /// Sorts by the published word and drops repeats: the order of a table's cell.
    pub fn sort(flags: &mut Vec<Self>) {
        flags.sort_by_key(|flag| flag.name());
        flags.dedup();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regression: the overhead of the owner's operator was told as an assumption of emissions that the maker reports.
    #[test]
    fn a_factor_that_the_figure_does_not_take_is_no_assumption_of_it() {
        let stated = Beside { are_hours_stated: true, ..Beside::default() };
        assert!(!Flag::PueOfTheOwnersOperator.is_taken(Tier::Emissions, stated));
        assert!(Flag::GridOwnerCountry.is_taken(Tier::Emissions, stated), "energy follows backwards from it");
        assert!(Flag::PueOfTheOwnersOperator.is_taken(Tier::Hardware, Beside::default()));
        let implied = Beside { is_compute_implied: true, ..Beside::default() };
        assert!(Flag::PueSurveyAverage.is_taken(Tier::Emissions, implied), "hours follow backwards");
        assert!(Flag::RoleIsUncertain.is_taken(Tier::Emissions, stated));
    }
}
