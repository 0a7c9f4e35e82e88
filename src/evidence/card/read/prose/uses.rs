//! Words of evaluation and inference in every language that the vocabulary has words of training for.

use crate::evidence::quantity::tokens::{Kind, Token, is_latin_word, text_at};
use crate::evidence::vocabulary;

/// Whether a word tells of an evaluation or a use: "évaluation", "평가에", "değerlendirmesi", "đánh giá".
#[must_use]
pub fn tells_use(ts: &[Token<'_>], i: usize) -> bool {
    let words = &vocabulary::prose().subjects;
    let Some(t) = ts.get(i).filter(|t| t.kind == Kind::Word) else { return false };
    let begins = t.text.is_ascii() || is_latin_word(&t.text);
    let stem = if begins { words.use_stems.begins(&t.text) } else { words.use_stems.is_within(&t.text) };
    stem || words.use_pairs.iter().any(|pair| pair.split_once(' ').is_some_and(|(a, b)| t.is(a) && text_at(ts, i + 1) == b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::read::rates::{is_sign, names_epochs};
    use crate::evidence::card::read::training::is_train;
    use crate::evidence::quantity::durations::unit_hours;
    use crate::evidence::quantity::tokens::lex;
    use crate::vocabulary::Words;

    /// Words that a sentence on what a training took is made of, by language: training, evaluation, inference, epochs, hours, per, in total, the
    /// base model. A word is one as people write it, with the endings that it has there.
    const LANGUAGES: [(&str, [&str; 8]); 29] = [
        ("en", ["trained", "evaluation", "inference", "epochs", "hours", "per", "total", "base model"]),
        ("de", ["trainiert", "Auswertung", "Inferenz", "Epochen", "Stunden", "pro", "insgesamt", "Basismodell"]),
        ("fr", ["entraîné", "évaluation", "inférence", "époques", "heures", "par", "total", "modèle de base"]),
        ("es", ["entrenado", "evaluación", "inferencia", "épocas", "horas", "por", "total", "modelo base"]),
        ("pt", ["treinado", "avaliação", "inferência", "épocas", "horas", "por", "total", "modelo base"]),
        ("it", ["addestrato", "valutazione", "inferenza", "epoche", "ore", "per", "totale", "modello di base"]),
        ("nl", ["getraind", "evaluatie", "inferentie", "epochs", "uren", "per", "totaal", "basismodel"]),
        ("sv", ["tränades", "utvärderingen", "inferens", "epoker", "timmar", "per", "totalt", "basmodellen"]),
        ("da", ["trænet", "evalueringen", "inferens", "epoker", "timer", "per", "samlet", "basismodellen"]),
        ("no", ["trent", "evalueringen", "inferens", "epoker", "timer", "per", "totalt", "basismodellen"]),
        ("pl", ["trenowany", "ewaluacji", "inferencji", "epok", "godzin", "na", "łącznie", "model bazowy"]),
        ("cs", ["trénován", "vyhodnocení", "inference", "epoch", "hodin", "na", "celkem", "základní model"]),
        ("ro", ["antrenat", "evaluarea", "inferență", "epoci", "ore", "pe", "total", "modelul de bază"]),
        ("ca", ["entrenat", "avaluació", "inferència", "èpoques", "hores", "per", "total", "model de base"]),
        ("fi", ["koulutettiin", "evaluointiin", "päättely", "epookkia", "tuntia", "per", "yhteensä", "perusmalli"]),
        ("hu", ["betanították", "kiértékelés", "következtetés", "epoch", "óra", "per", "összesen", "alapmodell"]),
        ("tr", ["eğitildi", "değerlendirmesi", "çıkarımı", "dönem", "saat", "başına", "toplam", "temel model"]),
        ("id", ["dilatih", "evaluasi", "inferensi", "epoch", "jam", "per", "total", "model dasar"]),
        ("vi", ["huấn", "đánh giá", "suy luận", "epoch", "giờ", "mỗi", "tổng", "mô hình gốc"]),
        ("ru", ["обучалась", "тестирование", "инференс", "эпох", "часов", "на", "всего", "базовая модель"]),
        ("uk", ["навчалася", "оцінювання", "інференс", "епох", "годин", "на", "загалом", "базова модель"]),
        ("ar", ["تدريب", "تقييم", "استدلال", "حقبة", "ساعة", "لكل", "إجمالي", "النموذج الأساسي"]),
        ("fa", ["آموزش", "ارزیابی", "استنتاج", "دوره", "ساعت", "هر", "مجموع", "مدل پایه"]),
        ("hi", ["प्रशिक्षण", "मूल्यांकन", "इन्फरेंस", "इपोक", "घंटे", "प्रति", "कुल", "आधार मॉडल"]),
        ("th", ["ฝึก", "ประเมิน", "อนุมาน", "รอบ", "ชั่วโมง", "ต่อ", "ทั้งหมด", "โมเดลฐาน"]),
        ("he", ["אימון", "הערכה", "היסק", "תקופות", "שעות", "לכל", "סך", "מודל הבסיס"]),
        ("zh", ["训练", "评测", "推理", "轮", "小时", "每", "总共", "基座模型"]),
        ("ja", ["学習", "評価", "推論", "エポック", "時間", "あたり", "合計", "ベースモデル"]),
        ("ko", ["학습", "평가에", "추론", "에폭", "시간", "당", "총", "베이스 모델"]),
    ];

    fn any(text: &str, is: impl Fn(&[Token<'_>], usize) -> bool) -> bool {
        let ts = lex(text);
        (0..ts.len()).any(|i| is(&ts, i))
    }

    /// Regression: evaluation had no word in half of the languages that training has one in, so that "평가에 12 kWh" stood beside the training's.
    #[test]
    fn every_language_of_training_has_the_other_words() {
        let words = vocabulary::prose();
        let one_of = |lists: &[Words], text: &str| any(text, |ts, i| ts.get(i).is_some_and(|t| lists.iter().any(|l| t.is_any(l))));
        for (language, [training, evaluation, inference, epochs, hours, per, total, base]) in LANGUAGES {
            assert!(any(training, is_train), "{language}: {training}");
            for used in [evaluation, inference] {
                assert!(any(used, tells_use) || one_of(&[words.subjects.work], used), "{language}: {used}");
            }
            assert!(any(epochs, |ts, i| names_epochs(ts.get(i))), "{language}: {epochs}");
            assert!(any(&format!("3 {hours}"), |ts, i| unit_hours(ts, i) == Some(1.0)), "{language}: {hours}");
            let divides = any(per, |ts, i| ts.get(i).is_some_and(is_sign)) || words.rates.per_behind.contains(&per);
            assert!(divides, "{language}: {per}");
            assert!(one_of(&[words.sentences.sums_up, words.times.ends], total), "{language}: {total}");
            assert!(vocabulary::card().headings.base.is_within(&base.to_lowercase()), "{language}: {base}");
        }
    }

    /// Stems of evaluation are none of an estimate: "évaluées à 12 kg", "по оценке", "estimated".
    #[test]
    fn an_estimate_is_no_evaluation() {
        for text in [
            "les émissions sont évaluées à 12 kg",
            "по оценке 12 кг",
            "die geschätzten Emissionen",
            "arvioidut päästöt",
            "se estima",
        ] {
            assert!(!any(text, tells_use), "{text}");
        }
    }
}
