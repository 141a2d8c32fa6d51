//! Serbian in Cyrillic letters; commands and abbreviations stay Latin.

use super::{Doctor, Words};

pub static WORDS: Words = Words {
    title: "eID картица",
    go: "Настави",
    cancel: "Откажи",
    log_in: "{origin}\nтражи да се пријавите као {name}.\nУнесите PIN1 само ако је то адреса на коју желите да се пријавите.",
    show: "{origin}\nтражи да види сертификат за потпис: {name}. У њему су ваше име и ваш лични број.",
    sign: "{origin}\nтражи квалификовани потпис: {name}. Он важи као ваш својеручни.\n\nОтисак онога што потписујете ({function}):\n{digest}",
    tries: "Преостало покушаја: {left}",
    prompt: "{secret} ({fewest} до {most} цифара):",
    wrong: "{secret} је био погрешан. Ништа није потписано.",
    form: "{secret} има {fewest} до {most} цифара. Покушај није потрошен.",
    last_try: "За {secret} је остао један покушај. Ако је погрешан, картица се блокира док је не деблокирате PUK-ом. Желите ли да покушате?",
    blocked: "{secret} је блокиран. Деблокирајте га PUK-ом из вашег писма или питајте на шалтеру за регистрацију.",
    insert: "Ставите eID картицу у читач, па наставите.\nАко је ту: `card-agent doctor` каже шта недостаје.",
    which: "Да ли да се користи картица: {name}, број {number}?",
    doctor: Doctor {
        service: "Сервис за картице ради.",
        no_service: "Сервис за картице не ради. На Debian-у и Ubuntu-у: sudo apt-get install pcscd, затим sudo systemctl enable --now pcscd.socket",
        reader: "Читач: {name}",
        no_reader: "Нема читача картица. Прикључите га. Ако је прикључен: sudo apt-get install libccid, па га прикључите поново.",
        card: "eID картица: {name}, број {number}",
        no_card: "У читачу нема картице. Ставите је чипом напред и нагоре.",
        unknown_card: "Ова картица је врсте коју овај програм не познаје (ATR {answer}). Потражите новију верзију.",
        unreadable: "Картица се не може прочитати: {why}. Обришите чип сувом крпом и ставите је поново.",
        tries: "{secret}: преостало покушаја {left}",
        blocked: "{secret} је блокиран. Деблокирајте га PUK-ом из вашег писма или питајте на шалтеру за регистрацију.",
        window: "Прозор за PIN (pinentry) је инсталиран.",
        no_window: "Нема прозора за PIN. На Debian-у и Ubuntu-у: sudo apt-get install pinentry-gnome3 или pinentry-qt",
        browser: "{browser} познаје овај програм.",
        stale: "{browser} познаје друго место овог програма. Покрените: card-agent install",
        no_browser: "Ниједан прегледач не познаје овај програм. Покрените: card-agent install",
    },
};
