//! Albanian.

use super::{Failures, Home, Me, Words};

pub(super) const WORDS: Words = Words {
    tag: "sq",
    own_name: "Shqip",
    municipality: "Komuna Shembull",
    service: "Shërbime për banorët",
    demonstration: "Kjo është vetëm demonstrim. Kjo komunë nuk ekziston dhe asgjë që bëni këtu nuk ka efekt juridik.",
    skip: "Kalo te përmbajtja",
    choose_language: "Gjuha",
    logged_out: "Keni dalë, si këtu ashtu edhe në Signum.",
    try_again: "Hyni përsëri",
    go_home: "Në faqen e parë",
    home: Home {
        title: "Komuna juaj, pa radhë",
        text: "Hyni me identitetin tuaj digjital për të parë çfarë di komuna për ju.",
        log_in: "Hyni me Signum",
        my_page: "Në faqen time",
        asked: "Çfarë do t'i kërkojmë Signum-it",
        items: [
            ("Emrin dhe mbiemrin tuaj,", "që ta dimë kujt po i shërbejmë."),
            ("Datëlindjen tuaj,", "sepse disa shërbime janë vetëm për të rritur."),
            (
                "Sa sigurt e keni vërtetuar kush jeni,",
                "sepse disa shërbime kërkojnë vërtetim të fortë.",
            ),
        ],
        not_asked: "Nuk e kërkojmë numrin tuaj personal dhe nuk e shohim kurrë çelësin tuaj të kalimit (passkey). \
                    Signum do t'jua tregojë përsëri këtë listë dhe do t'jua kërkojë pëlqimin.",
    },
    me: Me {
        title: "Keni hyrë",
        text: "Këtë na e ka konfirmuar Signum për ju.",
        name: "Emri dhe mbiemri",
        birth_date: "Datëlindja",
        level: "Niveli i sigurisë",
        low: "I ulët: ju njohim, por identiteti juaj nuk është vërtetuar fort",
        substantial: "Substancial: identiteti juaj është vërtetuar",
        high: "I lartë: identiteti juaj është vërtetuar në mënyrën më të fortë",
        not_said: "Nuk është deklaruar",
        since: "Keni hyrë më",
        log_out: "Dilni",
        checked: "Çfarë kemi verifikuar",
        checks: [
            "Konfirmimi është nënshkruar nga Signum dhe nuk është ndryshuar rrugës.",
            "Është bërë për këtë shërbim dhe për asnjë tjetër.",
            "I përgjigjet hyrjes që ka filluar në këtë shfletues.",
            "Është i ri dhe nuk ka skaduar.",
        ],
        technical: "Për zhvilluesit",
    },
    failures: Failures {
        access_denied: (
            "Nuk keni hyrë",
            "Ju ose Signum keni refuzuar dhënien e të dhënave tuaja. Ne nuk kemi marrë asgjë. Nëse ishte gabim, hyni \
             përsëri.",
        ),
        not_begun_here: (
            "Kjo hyrje nuk mund të përdoret",
            "Ka filluar në një shfletues tjetër, është më e vjetër se dhjetë minuta ose është përdorur tashmë. Nuk ka \
             ndodhur asgjë. Ju lutemi filloni përsëri këtu.",
        ),
        unverified: (
            "Përgjigjes nuk mund t'i besojmë",
            "Përgjigjja për hyrjen tuaj nuk i kaloi verifikimet tona, prandaj nuk keni hyrë. Ju lutemi provoni \
             përsëri; nëse përsëritet, njoftoni komunën.",
        ),
        refused: (
            "Signum nuk e përfundoi hyrjen",
            "Signum u përgjigj me gabim, prandaj nuk keni hyrë. Ju lutemi provoni përsëri pas disa minutash.",
        ),
        provider_away: (
            "Hyrja nuk është e mundur tani",
            "Signum nuk mund të arrihet. Pjesa tjetër e kësaj faqeje punon. Ju lutemi provoni përsëri pas disa minutash.",
        ),
        busy: ("Tani ka tepër vizitorë", "Ju lutemi provoni përsëri pas disa minutash."),
        only_here: (
            "Keni dalë këtu",
            "Signum nuk ofron dalje tani, prandaj mund të jeni ende brenda atje. Në kompjuter të përbashkët, mbyllni \
             të gjitha dritaret e shfletuesit.",
        ),
        not_found: (
            "Nuk ka faqe të tillë",
            "Adresa mund të jetë shkruar gabim ose e vjetër. Faqja e parë çon kudo.",
        ),
    },
};
