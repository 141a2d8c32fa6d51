//! Albanian.

use super::{Doctor, Words};

pub static WORDS: Words = Words {
    title: "Karta eID",
    go: "Vazhdo",
    cancel: "Anulo",
    log_in: "{origin}\nju kërkon të hyni si {name}.\nShkruani PIN1 vetëm nëse kjo është adresa ku doni të hyni.",
    show: "{origin}\nkërkon të shohë certifikatën e nënshkrimit të {name}. Ajo përmban emrin dhe numrin tuaj personal.",
    sign: "{origin}\nkërkon nënshkrimin e kualifikuar të {name}. Ai vlen si nënshkrimi juaj me dorë.\n\nGjurma e asaj që nënshkruani ({function}):\n{digest}",
    tries: "Përpjekje të mbetura: {left}",
    prompt: "{secret} ({fewest} deri në {most} shifra):",
    wrong: "{secret} ishte i gabuar. Asgjë nuk u nënshkrua.",
    form: "{secret} ka {fewest} deri në {most} shifra. Nuk u harxhua asnjë përpjekje.",
    last_try: "Për {secret} ka mbetur një përpjekje. Nëse është e gabuar, karta bllokohet derisa ta zhbllokoni me PUK. Doni të provoni?",
    blocked: "{secret} është i bllokuar. Zhbllokojeni me PUK-un e letrës suaj, ose pyetni në një zyrë regjistrimi.",
    insert: "Futeni kartën eID në lexues, pastaj vazhdoni.\nNëse është aty: `card-agent doctor` tregon çfarë mungon.",
    which: "Të përdoret karta e {name}, numri {number}?",
    doctor: Doctor {
        service: "Shërbimi i kartave është në punë.",
        no_service: "Shërbimi i kartave nuk është në punë. Në Debian dhe Ubuntu: sudo apt-get install pcscd, pastaj sudo systemctl enable --now pcscd.socket",
        reader: "Lexuesi: {name}",
        no_reader: "Nuk ka lexues kartash. Lidheni një. Nëse është i lidhur: sudo apt-get install libccid, pastaj lidheni përsëri.",
        card: "Karta eID: {name}, numri {number}",
        no_card: "Nuk ka kartë në lexues. Futeni me çipin përpara dhe lart.",
        unknown_card: "Kjo kartë është e një lloji që ky program nuk e njeh (ATR {answer}). Kërkoni një version më të ri.",
        unreadable: "Karta nuk mund të lexohet: {why}. Fshijeni çipin me një leckë të thatë dhe futeni përsëri.",
        tries: "{secret}: përpjekje të mbetura {left}",
        blocked: "{secret} është i bllokuar. Zhbllokojeni me PUK-un e letrës suaj, ose pyetni në një zyrë regjistrimi.",
        window: "Dritarja e PIN-it (pinentry) është e instaluar.",
        no_window: "Nuk ka dritare për PIN-in. Në Debian dhe Ubuntu: sudo apt-get install pinentry-gnome3 ose pinentry-qt",
        browser: "{browser} e njeh këtë program.",
        stale: "{browser} njeh një vend tjetër të këtij programi. Ekzekutoni: card-agent install",
        no_browser: "Asnjë shfletues nuk e njeh këtë program. Ekzekutoni: card-agent install",
    },
};
