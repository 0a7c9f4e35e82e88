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
    distributed,
    epochs,
    steps,
    examples,
    samples,
    length,
    loose_length,
    model_length,
    side,
    others,
});
lists!(RecipeBases { keys, reinforcement });
lists!(RecipeCommands { launchers, placeholders });
lists!(RecipeEnds { patience, early, resumes });
lists!(RecipeProse {
    sequences,
    contexts,
    lengths,
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
    bases: RecipeBases,
    commands: RecipeCommands,
    ends: RecipeEnds,
    prose: RecipeProse,
    sentence_transformers: SentenceTransformers,
});
