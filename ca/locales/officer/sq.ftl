service = Zyrtarët e autoritetit të certifikimit
result = Për ta marrë me vete

key-title = Krijoni çelësin e zyrtarit
key-lead = Pajisja juaj krijon një çelës kalimi vetëm për këtë adresë. Pjesa publike shfaqet pastaj: dorëzojani atij që shkruan listën e zyrtarëve. Ajo nuk vlen asgjë derisa administratorët të kenë miratuar një listë me të.
key-button = Krijo çelësin e kalimit
key-made-title = Pjesa publike e çelësit tuaj
key-made-lead = Jepjani këtë tekst atij që shkruan listën e zyrtarëve dhe krahasojeni së bashku. Pjesa private mbetet në pajisjen tuaj.

gesture-title = Bëni gjestin
gesture-lead = Një komandë kërkoi miratimin tuaj. Krahasoni këto shifra me ato që tregon komanda; nëse ndryshon qoftë edhe një, mos vazhdoni.
gesture-none = Hapni adresën që tregon komanda: ajo thotë çfarë kërkohet.
gesture-host = Çelësi për
gesture-challenge = Çfarë miratoni
gesture-button = Mirato me çelësin e kalimit
gesture-made-title = Gjesti juaj
gesture-made-lead = Ruajeni këtë tekst në një skedar dhe jepjani komandës. Ai miraton ato shifra dhe asgjë tjetër.

agree-title = Një kërkesë që ju pret
agree-lead = Një zyrtar tjetër e kërkoi këtë. Miratojeni vetëm nëse e njihni vetë nga dokumentet.
agree-kind = Lloji
agree-what = Çfarë do të bëhet
agree-asked-by = Kërkuar nga
agree-until = Vlen deri më
agree-given-by = Miratuar nga
agree-hash = Shenja (hash) e kërkesës
agree-who = Kush jeni ju?
agree-nobody = Askush tjetër nuk mund ta miratojë: të gjithë ata që munden e kanë bërë.
agree-button = Mirato me çelësin e kalimit

kind-ca-key-use = Përdorimi i një çelësi të autoritetit
kind-profile-change = Ndryshimi i rregullimeve që formësojnë certifikatat
kind-ca-revocation = Revokimi ose fundi i një autoriteti
kind-bulk-action = Ndryshimi i shumë certifikatave
