continue-title = Nastavite
continue-heading = Nastavite na: { $service }
continue-person = Prijavljeni ste kao
continue-as = Nastavi kao { $name }
continue-switch = Koristi drugi nalog
continue-hint = Već ste prijavljeni ovde. Ako uzmete drugi nalog, prvo ćete biti odjavljeni svuda u ovom pregledaču.
consent-person = Prijavljeni ste kao { $name }.

logged-out-services = Usluge koje ste otvorili u ovoj sesiji
logged-out-told = Obaveštena je i odjavila Vas je
logged-out-waiting = Još nije odgovorila; i dalje pokušavamo
logged-out-cannot = Ne može biti obaveštena; odjavite se i tamo
logged-out-gave-up = Nije odgovorila; odjavite se i tamo
logged-out-again = Pogledajte ponovo
