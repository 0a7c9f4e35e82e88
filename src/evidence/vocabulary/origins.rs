//! Words by which a card tells where the weights come from (card.toml).

use crate::vocabulary::lists;

lists!(Origins {
    stems,
    merge,
    quantized,
    copied,
    adapter,
    formats,
    conversions,
    copies,
    of,
    untrained,
    trained_after,
    empty,
    subjects,
    openers,
    strangers,
    advice,
    this,
    beyond,
    adapter_loaders,
    later
});
lists!(Merges { method, methods, experts, parts, directories });
lists!(Eastern {
    tuned,
    tunes,
    name_ends,
    objects,
    topics,
    no_names,
    trained,
    packed,
    no_packing,
    converted,
    copied,
    merged,
    no_merge,
    below,
    with,
    particles,
    on_basis_of,
    as_basis,
    models,
    strangers,
    advice,
    designs
});
