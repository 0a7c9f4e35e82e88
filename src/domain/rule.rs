//! The rules that decide a repository's role and the group of a run, by name.

use super::closed_set;

closed_set! {
    /// Rule that decided a role, or that made the group of a run.
    enum Rule {
        /// A reviewed correction gives the role.
        ReviewedCorrection = "reviewed_correction",
        /// A reviewed correction gives the role, and the record says neither what it expects nor what it gives.
        ReviewedCorrectionOfAnotherValue = "reviewed_correction_of_another_value",
        /// Somebody looked the repository up (repository_facts.csv).
        RepositoryFact = "repository_fact",
        /// A list of files shows that there are no weights.
        NoWeights = "no_weights",
        /// The name ends in a word of what is no weights (a tokenizer, logs), and nothing counts any.
        WordOfNoWeights = "word_of_no_weights",
        /// The name or the owner is that of test fixtures: weights that were never trained.
        TestFixture = "test_fixture",
        /// The index or the registry states a base.
        BaseModelLink = "base_model_link",
        /// The card's text or front matter names a base, and neither record nor registry states one.
        CardNamesABase = "card_names_a_base",
        /// The card's text says what the repository is: a merge, a quantized or converted copy, an adapter, random weights, or no weights.
        CardSaysTheRole = "card_says_the_role",
        /// The name has a word of post-training (Instruct, chat, DPO ...).
        PostTrainingToken = "post_training_token",
        /// The table of published runs has it as a pre-training.
        RegistryPretraining = "registry_pretraining",
        /// The table of published runs has it as a pre-training, and the name has a word of post-training: it carries the pre-training of a base
        /// that nobody released.
        RegistryPretrainingCarried = "registry_pretraining_carried",
        /// The card states a training of at least one token per parameter, and nothing states a base: no fine-tune sees so much.
        CardStatesAPretraining = "card_states_a_pretraining",
        /// The task is reinforcement learning, and nothing says that it is a language model: an agent, which starts from nothing.
        AgentOfAnEnvironment = "agent_of_an_environment",
        /// The name is that of a recipe of a toolkit (icefall), which trains from random weights.
        RecipeOfAToolkit = "recipe_of_a_toolkit",
        /// A listed house calls a model of its own a base, and states none.
        BaseOfAListedHouse = "base_of_a_listed_house",
        /// The name says that the training began at random weights.
        NameSaysFromScratch = "name_says_from_scratch",
        /// The name says that a pre-training went on (tapt, dapt, cpt).
        NameSaysContinued = "name_says_continued",
        /// The table of published runs has it as a continued pre-training.
        RegistryContinued = "registry_continued",
        /// The table of published runs has it as post-training or fine-tuning.
        RegistryFineTuning = "registry_fine_tuning",
        /// The library is peft.
        PeftLibrary = "peft_library",
        /// The stated relation or a tag says adapter.
        AdapterRelation = "adapter_relation",
        /// A base is stated, no weights are counted, and the name says adapter.
        AdapterToken = "adapter_token",
        /// Several bases are stated, or the relation is a merge.
        SeveralBases = "several_bases",
        /// A tag says merge.
        MergeTag = "merge_tag",
        /// The name has a way or tool of merging, and no listed organization owns it.
        MergeMethodToken = "merge_method_token",
        /// The name has a word that merges share with other things, and no listed organization owns it.
        MergeToken = "merge_token",
        /// The only weights are GGUF files.
        GgufWeights = "gguf_weights",
        /// The name or a tag names a quantization.
        QuantizationToken = "quantization_token",
        /// The library or the name is that of a converted format.
        ConversionLibraryOrToken = "conversion_library_or_token",
        /// The Hub says quantized, the weights are full floats: a fine-tune.
        QuantizedRelationOnFloatWeights = "quantized_relation_on_float_weights",
        /// The Hub says quantized.
        QuantizedRelation = "quantized_relation",
        /// The name says that the weights draft tokens for a target model: a head, or a small model. Its base is the target.
        DraftHead = "draft_head",
        /// The name says that another model's weights were edited or tuned to refuse nothing.
        UncensoredToken = "uncensored_token",
        /// The name says that another model's weights were prepared for quantization, and they are in full precision.
        UnquantizedToken = "unquantized_token",
        /// The name says that layers of multi-token prediction lie beside the weights: a copy of the model it names.
        DraftLayersToken = "draft_layers_token",
        /// The name says that experts, layers or heads of another model were taken away.
        PrunedToken = "pruned_token",
        /// A language model of nobody who trains any that sees, by its task or name: images were taught to another's.
        VisionOnABackbone = "vision_on_a_backbone",
        /// A base is stated, and the name says that the result is a base again, or has a longer context.
        BaseTokenOnABase = "base_token_on_a_base",
        /// The card's field training_type says fine-tuning.
        CardSaysFineTuning = "card_says_fine_tuning",
        /// A tag says continued pre-training.
        ContinuedPretrainingTag = "continued_pretraining_tag",
        /// A tag names a tool of fine-tuning.
        FineTuningToolTag = "fine_tuning_tool_tag",
        /// The task is a head on somebody's encoder.
        TaskHead = "task_head",
        /// The name says reward model.
        RewardModelToken = "reward_model_token",
        /// The name has a task or a data set of fine-tuning.
        TaskToken = "task_token",
        /// Nothing certain decides: the likeliest of the roles that the signs of the record speak for.
        LikeliestRole = "likeliest_role",
        /// Nothing speaks of a base.
        NoSignOfABase = "no_sign_of_a_base",
        /// Name and size are those of its base: a copy.
        CopyOfItsBaseByNameAndSize = "copy_of_its_base_by_name_and_size",
        /// The Hub says quantized, within one namespace and under another name: a fine-tune.
        QuantizedRelationInTheHouseOfItsBase = "quantized_relation_in_the_house_of_its_base",
        /// The Hub says quantized, nothing else does, and the name is not the base's: a model trained from it.
        QuantizedRelationUnderAnotherName = "quantized_relation_under_another_name",
        /// More parameters than the base, which is another owner's: stacked layers.
        LargerThanItsBase = "larger_than_its_base",
        /// The name or a tag says quantized, the stated relation says fine-tune of another owner's model: trained from a quantized copy.
        FinetuneOfAQuantizedCopy = "finetune_of_a_quantized_copy",
        /// The registered pre-training is known by this copy only: of a mirror, or in another format.
        CopyOfARegisteredPretraining = "copy_of_a_registered_pretraining",
        /// Same namespace and same name without the words of variants.
        SiblingSameStem = "sibling_same_stem",
        /// Same namespace, architecture and size above 100 billion parameters.
        SiblingSameSizeAbove100b = "sibling_same_size_above_100b",
        /// The name is that of a larger model of the same house with words behind it, or of another date where that one has a base.
        VariantOfASibling = "variant_of_a_sibling",
        /// A coder, mathematics or vision model on its house's base.
        SpecialityOfASibling = "speciality_of_a_sibling",
        /// The name has the family of another owner.
        NamesAFamilyOfAnotherOwner = "names_a_family_of_another_owner",
        /// The name has a family of another owner, and no model of it fits.
        FamilyOfAnotherOwnerWithoutABase = "family_of_another_owner_without_a_base",
        /// The name has another model's name in full.
        NamesAModelInFull = "names_a_model_in_full",
        /// Architecture and, to half a percent, size are those of a known base.
        FamilyArchitectureAndSize = "family_architecture_and_size",
        /// The exact size is that of weights whose base is known.
        ExactSizeOfAKnownModel = "exact_size_of_a_known_model",
        /// The name is another owner's model's but for its last letters, with its version and size: a blend (Qwopus3.5-27B).
        BlendOfAFamilyName = "blend_of_a_family_name",
        /// The same name as a listed owner's model in another namespace, whose size does not contradict it: a mirror.
        MirrorSameName = "mirror_same_name",
        /// Architecture and exact size are another's.
        SameArchitectureAndExactSize = "same_architecture_and_exact_size",
        /// Same name and size in another namespace: a mirror.
        MirrorSameNameAndSize = "mirror_same_name_and_size",
        /// Same name but for the format in one namespace.
        OtherFormatInOneNamespace = "other_format_in_one_namespace",
        /// One namespace and one name but for the step, the epoch or the checkpoint: a stage of the training of another.
        StageOfATraining = "stage_of_a_training",
        /// The architecture of a published family, by nobody who is listed.
        FamilyArchitectureOfAnUnlistedOwner = "family_architecture_of_an_unlisted_owner",
        /// A size that no published pre-training of the architecture has.
        SizeOfNoKnownPretraining = "size_of_no_known_pretraining",
        /// A run that one repository carries.
        SingleRepository = "single_repository",
        /// A run whose repositories name their bases.
        BaseModelLinks = "base_model_links",
    }
}

impl Rule {
    /// Whether the rule makes a repository a member of a run, or no run at all, without a stated link: what `sensitivity` takes away.
    #[must_use]
    pub const fn is_implicit(self) -> bool {
        matches!(
            self,
            Self::SiblingSameStem
                | Self::SiblingSameSizeAbove100b
                | Self::VariantOfASibling
                | Self::SpecialityOfASibling
                | Self::NamesAFamilyOfAnotherOwner
                | Self::FamilyOfAnotherOwnerWithoutABase
                | Self::NamesAModelInFull
                | Self::FamilyArchitectureAndSize
                | Self::SameArchitectureAndExactSize
                | Self::ExactSizeOfAKnownModel
                | Self::BlendOfAFamilyName
                | Self::MirrorSameName
                | Self::VisionOnABackbone
                | Self::MirrorSameNameAndSize
                | Self::OtherFormatInOneNamespace
                | Self::StageOfATraining
                | Self::FamilyArchitectureOfAnUnlistedOwner
                | Self::SizeOfNoKnownPretraining
        )
    }

    /// Whether the rule rests on something that is stated, that files show, or on a word that means one thing: a base or relation, a
    /// library, a file format, a registered run, a reviewed correction, a looked-up row, the word of a quantization, an adapter or a
    /// draft head, the same name with the same size. What the others conclude from tasks, tags, shapes and other words is a guess, and
    /// a role by one of them is a matter of probabilities.
    #[must_use]
    pub const fn is_certain(self) -> bool {
        !matches!(
            self,
            Self::PostTrainingToken
                | Self::NameSaysFromScratch
                | Self::NameSaysContinued
                | Self::MergeToken
                | Self::ContinuedPretrainingTag
                | Self::FineTuningToolTag
                | Self::TaskHead
                | Self::RewardModelToken
                | Self::TaskToken
                | Self::NoSignOfABase
                | Self::LikeliestRole
                | Self::SiblingSameSizeAbove100b
                | Self::VariantOfASibling
                | Self::NamesAFamilyOfAnotherOwner
                | Self::FamilyOfAnotherOwnerWithoutABase
                | Self::ExactSizeOfAKnownModel
                | Self::BlendOfAFamilyName
                | Self::MirrorSameName
                | Self::VisionOnABackbone
                | Self::FamilyArchitectureOfAnUnlistedOwner
                | Self::SizeOfNoKnownPretraining
                | Self::SingleRepository
        )
    }

    /// Whether the rule found the model that the weights come from by a name or a size.
    #[must_use]
    pub const fn links_to_a_base(self) -> bool {
        matches!(
            self,
            Self::NamesAFamilyOfAnotherOwner
                | Self::NamesAModelInFull
                | Self::ExactSizeOfAKnownModel
                | Self::BlendOfAFamilyName
                | Self::MirrorSameName
        )
    }

    /// Whether the rule joins siblings of one namespace.
    #[must_use]
    pub const fn joins_siblings(self) -> bool {
        matches!(self, Self::SiblingSameStem | Self::SiblingSameSizeAbove100b)
    }
}
