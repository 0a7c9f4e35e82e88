//! Words of recipes of trainings (recipe.toml).

use crate::vocabulary::{lists, tables};

lists!(RecipeKeys {
    total_batch,
    device_batch,
    batch,
    accumulation,
    devices,
    devices_in_code,
    nodes,
    node_devices,
    loose_steps,
    loose_epochs,
    duration,
    distributed,
    epochs,
    steps,
    examples,
    samples,
    length,
    loose_length,
    model_length,
    side,
    loose_side,
    others,
    loose_examples,
});
lists!(RecipeSplits { train, held_out, counts });
lists!(RecipeBases { keys, reinforcement });
lists!(RecipeDurations { steps, epochs, samples });
lists!(RecipeCommands {
    launchers,
    trains,
    trainers,
    whole_batches,
    visible,
    detector_devices,
    prefixes,
    evaluations,
    modes,
    placeholders
});
lists!(RecipeEnds { patience, callbacks, early, resumes });
lists!(RecipeProse {
    sequences,
    contexts,
    lengths,
    other_lengths,
    not_alone,
    most,
    sequence_lengths,
    context_lengths,
    of,
    cut,
    cut_late,
    was,
    per_one,
    joins,
    fillers,
    stages_behind,
    takes,
    other_units,
    residues,
    sides,
    limits,
    advises,
    serving,
    samples,
});
lists!(SentenceTransformers { loader, set_size });
tables!(Recipe {
    keys: RecipeKeys,
    splits: RecipeSplits,
    durations: RecipeDurations,
    bases: RecipeBases,
    commands: RecipeCommands,
    ends: RecipeEnds,
    prose: RecipeProse,
    sentence_transformers: SentenceTransformers,
});
