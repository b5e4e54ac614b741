//! Codes of languages, as networks write them.

/// Codes of two letters with those of three that mean the same (ISO 639-1; ISO 639-2, terminological code and, where it differs,
/// bibliographic code).
const CODES: &str = "\
aa aar,ab abk,ae ave,af afr,ak aka,am amh,an arg,ar ara,as asm,av ava,ay aym,az aze,ba bak,be bel,bg bul,bi bis,bm bam,bn ben,\
bo bod tib,br bre,bs bos,ca cat,ce che,ch cha,co cos,cr cre,cs ces cze,cu chu,cv chv,cy cym wel,da dan,de deu ger,dv div,dz dzo,\
ee ewe,el ell gre,en eng,eo epo,es spa,et est,eu eus baq,fa fas per,ff ful,fi fin,fj fij,fo fao,fr fra fre,fy fry,ga gle,gd gla,\
gl glg,gn grn,gu guj,gv glv,ha hau,he heb,hi hin,ho hmo,hr hrv,ht hat,hu hun,hy hye arm,hz her,ia ina,id ind,ie ile,ig ibo,\
ii iii,ik ipk,io ido,is isl ice,it ita,iu iku,ja jpn,jv jav,ka kat geo,kg kon,ki kik,kj kua,kk kaz,kl kal,km khm,kn kan,ko kor,\
kr kau,ks kas,ku kur,kv kom,kw cor,ky kir,la lat,lb ltz,lg lug,li lim,ln lin,lo lao,lt lit,lu lub,lv lav,mg mlg,mh mah,\
mi mri mao,mk mkd mac,ml mal,mn mon,mr mar,ms msa may,mt mlt,my mya bur,na nau,nd nde,ne nep,ng ndo,nl nld dut,nn nno,no nor,\
nr nbl,nv nav,ny nya,oc oci,oj oji,om orm,or ori,os oss,pa pan,pi pli,pl pol,ps pus,pt por,qu que,rm roh,rn run,ro ron rum,\
ru rus,rw kin,sa san,sc srd,sd snd,se sme,sg sag,si sin,sk slk slo,sl slv,sm smo,sn sna,so som,sq sqi alb,sr srp,ss ssw,st sot,\
su sun,sv swe,sw swa,ta tam,te tel,tg tgk,th tha,ti tir,tk tuk,fil tgl,tn tsn,to ton,tr tur,ts tso,tt tat,tw twi,ty tah,ug uig,\
uk ukr,ur urd,uz uzb,ve ven,vi vie,vo vol,wa wln,wo wol,xh xho,yi yid,yo yor,za zha,zh zho chi,zu zul";

/// Codes that were replaced, or that mean the same to readers, with those that stand for them: the deprecated ones of the IANA
/// registry of subtags, and macrolanguages as CLDR resolves them.
const REPLACED: [(&str, &str); 11] = [
    ("in", "id"),
    ("iw", "he"),
    ("ji", "yi"),
    ("jw", "jv"),
    ("mo", "ro"),
    ("nb", "no"),
    ("nob", "no"),
    ("sh", "sr"),
    ("tl", "fil"),
    ("cmn", "zh"),
    ("arb", "ar"),
];

/// Codes that name no language: undetermined, no linguistic content, several, without a code.
const NONE: [&str; 4] = ["und", "zxx", "mul", "mis"];

/// The language that a tag names, by its shortest code: `pt` for `pt-BR`, `pt_BR` and `por`. `None` if it names none: the tag is
/// empty, undetermined, for private use, or no code of a language.
pub fn language(tag: &str) -> Option<String> {
    let subtag = tag.trim().split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    let is_code = (2..=3).contains(&subtag.len()) && subtag.bytes().all(|b| b.is_ascii_lowercase());
    // qaa to qtz are for private use.
    let is_private = subtag.len() == 3 && ("qaa"..="qtz").contains(&subtag.as_str());
    if !is_code || is_private || NONE.contains(&subtag.as_str()) {
        return None;
    }
    if let Some((_, now)) = REPLACED.iter().find(|(before, _)| *before == subtag) {
        return Some((*now).to_owned());
    }
    let mut codes = CODES.split(',').map(|codes| codes.split(' '));
    let known = codes.find_map(|mut codes| {
        let first = codes.next()?;
        (first == subtag || codes.any(|code| code == subtag)).then_some(first)
    });
    match known {
        Some(code) => Some(code.to_owned()),
        // Of three letters there are thousands more.
        None => (subtag.len() == 3).then_some(subtag),
    }
}

/// Whether capital I is the capital of dotless ı in this language.
pub(super) fn is_turkic(language: &str) -> bool {
    matches!(language, "tr" | "az")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_one_language_are_one() {
        for (tags, code) in [
            (&["en", "EN", "en-GB", "en_US", "eng", " en "][..], Some("en")),
            (&["pt", "pt-BR", "pt_BR", "por"], Some("pt")),
            (&["zh", "zh-Hans-CN", "zh_TW", "chi", "zho", "cmn"], Some("zh")),
            (&["he", "iw", "heb"], Some("he")),
            (&["id", "in", "in_ID"], Some("id")),
            (&["yi", "ji"], Some("yi")),
            (&["no", "nb", "nb-NO", "nob"], Some("no")),
            (&["nn"], Some("nn")),
            (&["fil", "tl", "tgl"], Some("fil")),
            (&["de", "ger", "deu", "de-AT"], Some("de")),
            (&["ckb"], Some("ckb")),
            (
                &[
                    "", " ", "und", "zxx", "mul", "qme", "qaa", "qtz", "xx", "english", "e", "1",
                    "-", "日本",
                ],
                None,
            ),
        ] {
            for tag in tags {
                assert_eq!(language(tag).as_deref(), code, "{tag:?}");
            }
        }
    }

    #[test]
    fn every_code_stands_there_once() {
        let mut codes: Vec<&str> = CODES.split([',', ' ']).collect();
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all);
        assert!(
            REPLACED.iter().all(|(before, now)| { !codes.contains(before) && codes.contains(now) })
        );
        assert!(codes.iter().all(|code| language(code).is_some()));
    }
}
