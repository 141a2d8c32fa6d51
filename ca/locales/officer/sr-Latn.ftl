service = Službenici sertifikacionog tela
result = Za poneti

key-title = Napravite ključ službenika
key-lead = Vaš uređaj pravi pristupni ključ samo za ovu adresu. Zatim se prikazuje njegova javna polovina: odnesite je onome ko piše listu službenika. Ona ne vredi ništa dok se administratori ne saglase sa listom u kojoj stoji.
key-button = Napravi pristupni ključ
key-made-title = Javna polovina Vašeg ključa
key-made-lead = Dajte ovaj tekst onome ko piše listu službenika i uporedite ga zajedno. Privatna polovina ostaje na Vašem uređaju.

gesture-title = Dajte saglasnost
gesture-lead = Jedna komanda je zatražila Vašu saglasnost. Uporedite ove cifre sa onima koje pokazuje komanda; ako se ma i jedna razlikuje, ne nastavljajte.
gesture-none = Otvorite adresu koju pokazuje komanda: u njoj stoji šta se traži.
gesture-host = Ključ za
gesture-challenge = Sa čim se saglašavate
gesture-button = Saglasi se pristupnim ključem
gesture-made-title = Vaša saglasnost
gesture-made-lead = Sačuvajte ovaj tekst u datoteci i predajte ga komandi. On se saglašava sa tim ciframa i ni sa čim drugim.

agree-title = Zahtev koji čeka na Vas
agree-lead = Ovo je zatražio drugi službenik. Saglasite se samo ako to i sami znate iz spisa.
agree-kind = Vrsta
agree-what = Šta treba da se uradi
agree-asked-by = Zatražio
agree-until = Važi do
agree-given-by = Saglasili se
agree-hash = Heš zahteva
agree-who = Ko ste Vi?
agree-nobody = Niko drugi ne može da se saglasi: svi koji smeju to su već učinili.
agree-button = Saglasi se pristupnim ključem

kind-ca-key-use = Upotreba ključa sertifikacionog tela
kind-profile-change = Promena podešavanja koja oblikuju sertifikate
kind-ca-revocation = Opoziv ili kraj sertifikacionog tela
kind-bulk-action = Promena mnogih sertifikata
