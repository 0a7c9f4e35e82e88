use super::*;
use crate::evidence::card::about::{About, CardRole};
use crate::evidence::quantity::tokens::lex;

/// The texts of the parts of a sentence that are another's.
fn others(id: &str, text: &str) -> Vec<String> {
    let own = Repository::new(&About { model_id: id, role: CardRole::OwnTraining, base_ids: &[], total_params: None });
    let ts = lex(text);
    let all = parts(&own, text, &ts, None);
    all.iter().filter(|p| p.whose == Some(Fit::Other)).map(|p| written(text, &ts, p.from, p.to).to_owned()).collect()
}

#[test]
fn a_part_is_its_subjects() {
    for (text, other) in [
        ("The 9B took 15 days on 128 GPUs; the 80B took 28 days.", "80B took 28 days."),
        ("Elk-80B took 28 days on 64 nodes.", "Elk-80B took 28 days on 64 nodes."),
        ("5.6M GPU hours for the 80B and 0.73M for the 9B.", "5.6M GPU hours for the 80B"),
        ("Elk-9B-Instruct: trained in 2.3 hours on 8 A100.", "Elk-9B-Instruct: trained in 2.3 hours on 8 A100."),
        ("Training the 80B model required 512 GPUs.", "80B model required 512 GPUs."),
        ("OPT-175B took 992 A100s; for our little model it was one.", "OPT-175B took 992 A100s; for"),
        (
            "The 80B took 4.6M hours (1,280 t), and the rest went to the 9B.",
            "80B took 4.6M hours (1,280 t), and the rest went to the 9B.",
        ),
        ("7B 模型达到 182 TFLOPS/卡；9B 的训练用了 576 张 A800", "7B 模型达到 182 TFLOPS/卡；"),
        ("384 GPUs are reserved for the 176B flagship; this model used 128 GPUs.", "384 GPUs are reserved for the 176B flagship;"),
    ] {
        assert_eq!(others("org/elk-9b", text).first().map(String::as_str), Some(other), "{text}");
    }
}

/// Issue 14: the total of a family made the part that its own sentence gives this model a total, too.
#[test]
fn the_part_of_a_family_is_told_from_its_total() {
    let own = Repository::new(&About { model_id: "org/elk-7b", role: CardRole::OwnTraining, base_ids: &[], total_params: None });
    for (text, mine) in [
        ("The Elk family (7B, 13B, 70B) took 913 MWh in all, the 7B alone took 151 MWh.", Some("7B alone took 151 MWh.")),
        (
            "Das Training der gesamten Elk-Familie hat 913 MWh verbraucht, das 7B-Modell allein 151 MWh.",
            Some("7B-Modell allein 151 MWh."),
        ),
        ("The Elk family took 913 MWh in all.", None),
    ] {
        let ts = lex(text);
        let all = parts(&own, text, &ts, None);
        let part = all.iter().find(|p| p.whose == Some(Fit::Mine)).map(|p| written(text, &ts, p.from, p.to));
        assert_eq!(part, mine, "{text}");
    }
}

#[test]
fn what_names_no_member_is_nobodys() {
    for text in [
        "It was trained on 80B tokens in 5 days.",
        "The 80B tokens took 5 days.",
        "Elk-9B is Elk-80B's little brother, trained for 5 days.",
        "Distilled from the 80B for 5 days.",
        "Trained for 5 days on 80 A100 GPUs.",
    ] {
        assert!(others("org/elk-9b", text).is_empty(), "{text}");
    }
}
