//! English.

use super::{Failures, Home, Me, Words};

pub(super) const WORDS: Words = Words {
    tag: "en",
    own_name: "English",
    municipality: "Example Municipality",
    service: "Services for residents",
    demonstration: "This is a demonstration. The municipality does not exist, and nothing you do here has legal effect.",
    skip: "Skip to the content",
    choose_language: "Language",
    logged_out: "You have logged out, here and at Signum.",
    try_again: "Log in again",
    go_home: "To the first page",
    home: Home {
        title: "Your municipality, without queues",
        text: "Log in with your digital identity to see what the municipality knows about you.",
        log_in: "Log in with Signum",
        my_page: "To my page",
        asked: "What we will ask Signum for",
        items: [
            ("Your given name and family name,", "so that we know whom we serve."),
            ("Your date of birth,", "because some services are for adults only."),
            (
                "How surely you proved who you are,",
                "because some services need strong proof.",
            ),
        ],
        not_asked: "We do not ask for your personal number, and we never see your passkey. Signum will show you \
                    this list again and ask for your consent.",
    },
    me: Me {
        title: "You are logged in",
        text: "This is what Signum has confirmed to us about you.",
        name: "Name",
        birth_date: "Date of birth",
        level: "Level of assurance",
        low: "Low: you are known, but your identity was not strongly proved",
        substantial: "Substantial: your identity was proved",
        high: "High: your identity was proved in the strongest way",
        not_said: "Not stated",
        since: "Logged in at",
        log_out: "Log out",
        checked: "What we have checked",
        checks: [
            "The confirmation is signed by Signum and was not changed on the way.",
            "It was made for this service and for no other.",
            "It answers the log-in that was begun in this browser.",
            "It is fresh and has not expired.",
        ],
        technical: "For developers",
    },
    failures: Failures {
        access_denied: (
            "You did not log in",
            "You or Signum refused to pass on your data. We have received nothing. If this was a mistake, log in again.",
        ),
        not_begun_here: (
            "This log-in cannot be used",
            "It was begun in another browser, is more than ten minutes old, or was used already. Nothing has happened. \
             Please start again here.",
        ),
        unverified: (
            "We could not trust the answer",
            "The answer to your log-in did not pass our checks, so you are not logged in. Please try again; if it \
             happens again, tell the municipality.",
        ),
        refused: (
            "Signum did not complete the log-in",
            "Signum answered with an error, so you are not logged in. Please try again in a few minutes.",
        ),
        provider_away: (
            "Logging in is not possible just now",
            "Signum cannot be reached. The rest of this site works. Please try again in a few minutes.",
        ),
        busy: (
            "Too many people are here just now",
            "Please try again in a few minutes.",
        ),
        only_here: (
            "You have logged out here",
            "Signum offers no log-out just now, so you may still be logged in there. On a shared computer, \
             close all windows of the browser.",
        ),
        not_found: (
            "There is no such page",
            "The address may be mistyped or old. The first page leads everywhere.",
        ),
    },
};
