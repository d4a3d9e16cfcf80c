package pdf_test

// A sample is a made-up message.
type sample struct {
	name string
	text string
}

// samples are texts in many scripts that can be taken out of a document exactly.
func samples() []sample {
	return []sample{
		{"Latin", "See you at the library at half past five, and bring the blue folder."},
		{"ligatures", "The office staff offered a fluffy waffle, affirmed the chef."},
		{"French", "Où êtes-vous ? Le garçon naïf a goûté l’œuf à Noël — « déjà vu »."},
		{"Vietnamese", "Chiều nay trời đẹp, chúng ta đi dạo quanh hồ nhé. Đừng quên mũ!"},
		{"Polish", "Zażółć gęślą jaźń, spotkamy się w środę przy źródle."},
		{"Turkish", "Şişli’de buluşalım, ığdır üzerinden geliyorum. İyi günler!"},
		{"Greek", "Καλημέρα σας, θα βρεθούμε αύριο στις 10:00 στο βιβλιοπωλείο."},
		{"Greek polytonic", "Ἐν ἀρχῇ ἦν ὁ λόγος, καὶ ὁ ἥλιος ἔλαμψε."},
		{"Cyrillic", "Завтра в семь часов у фонтана. Ёлка уже стоит, подъезд открыт."},
		{"Ukrainian", "Привіт! Її ґанок за п’ять кроків від крамниці."},
		{"Arabic", "صباح الخير، سنلتقي غدا في المكتبة. أحضر الكتاب الأزرق معك"},
		{"Arabic with digits", "الموعد الساعة 17:30 في Green Café وليس 18:00"},
		{"Arabic vowelled", "ذَهَبَ الطَّالِبُ إِلَى المَكْتَبَةِ"},
		{"lam-alef", "لا بأس، سلام للأهل والأولاد"},
		{"Farsi", "می\u200Cخواهم فردا به کتابخانه بروم، نامه\u200Cها را بیاور"},
		{"Urdu", "کل ہم باغ میں ملیں گے، چائے ساتھ لانا"},
		{"Hebrew", "בוקר טוב, ניפגש מחר בספרייה בשעה 9:45 ליד החלון"},
		{"Hebrew pointed", "בְּרֵאשִׁית הַסֵּפֶר הָיָה עַל הַשֻּׁלְחָן"},
		{"Hindi", "कल सुबह पुस्तकालय में मिलेंगे, क्षमा करना, श्री राम की किताब लाना।"},
		{"Bengali", "আগামীকাল সকালে গ্রন্থাগারে দেখা হবে, বইটি নিয়ে এসো।"},
		{"Tamil", "நாளை காலை நூலகத்தில் சந்திப்போம், புத்தகத்தை கொண்டு வா."},
		{"Telugu", "రేపు ఉదయం గ్రంథాలయంలో కలుద్దాం, పుస్తకం తీసుకురా."},
		{"Gujarati", "કાલે સવારે પુસ્તકાલયમાં મળીશું, ચોપડી લાવજો."},
		{"Gurmukhi", "ਕੱਲ੍ਹ ਸਵੇਰੇ ਲਾਇਬ੍ਰੇਰੀ ਵਿੱਚ ਮਿਲਾਂਗੇ, ਕਿਤਾਬ ਲਿਆਉਣਾ।"},
		{"Malayalam", "നാളെ രാവിലെ ഗ്രന്ഥശാലയിൽ കാണാം, പുസ്തകം കൊണ്ടുവരൂ."},
		{"Kannada", "ನಾಳೆ ಬೆಳಿಗ್ಗೆ ಗ್ರಂಥಾಲಯದಲ್ಲಿ ಭೇಟಿಯಾಗೋಣ, ಪುಸ್ತಕ ತನ್ನಿ."},
		{"Sinhala", "හෙට උදේ පුස්තකාලයේදී හමුවෙමු, ශ්\u200Dරී ලංකා පොත ගෙන එන්න."},
		{"Thai", "พรุ่งนี้เช้าเจอกันที่ห้องสมุด อย่าลืมเอาหนังสือสีน้ำเงินมาด้วยนะ"},
		{"Lao", "ມື້ອື່ນເຊົ້າພົບກັນທີ່ຫໍສະໝຸດ ຢ່າລືມປຶ້ມ"},
		{"Burmese", "မနက်ဖြန် စာကြည့်တိုက်မှာ တွေ့မယ်၊ စာအုပ် ယူခဲ့ပါ။"},
		{"Khmer", "ព្រឹកស្អែកជួបគ្នានៅបណ្ណាល័យ កុំភ្លេចសៀវភៅ។"},
		{"Amharic", "ነገ ጠዋት በቤተ መጻሕፍት እንገናኝ፣ መጽሐፉን አምጣ።"},
		{"Georgian", "ხვალ დილით ბიბლიოთეკაში შევხვდეთ, წიგნი წამოიღე."},
		{"Armenian", "Վաղը առավոտյան կհանդիպենք գրադարանում, գիրքը բեր։"},
		{"Chinese", "明天早上在图书馆见面，请带上蓝色的文件夹。"},
		{"Chinese, traditional", "明天早上在圖書館見面，請帶上藍色的資料夾。"},
		{"Japanese", "明日の朝、図書館で会いましょう。青いファイルを忘れないでね！"},
		{"Korean", "내일 아침 도서관에서 만나요. 파란 책 가져와 주세요 ㅋㅋㅋ"},
		{"emoji", "Good morning 🌞 coffee ☕️ and cake 🎂🎉"},
		{"emoji joined", "All of us 👨‍👩‍👧‍👦 and the pilot 👩🏽‍✈️ with 👍🏿"},
		{"flags and keycaps", "🇬🇧 🇵🇱 🏴󠁧󠁢󠁥󠁮󠁧󠁿 then 1️⃣ 2️⃣ #️⃣"},
		{"zalgo", "H̷̢̛e̵͎͝l̸̰̈l̶͖̈o̴̞̓ there"},
		{"fancy letters", "𝓽𝓱𝓮 𝕢𝕦𝕚𝕔𝕜 𝖋𝖔𝖝 ⓗⓔⓡⓔ ﾌﾝｼｰ ｗｉｄｅ"},
		{"kaomoji", "(╯°□°)╯︵ ┻━┻ and ʕ•ᴥ•ʔ ¯\\_(ツ)_/¯"},
	}
}

// odd are texts that are compared with what they have to look like.
func odd() []struct{ name, text, want string } {
	return []struct{ name, text, want string }{
		{"override", "annual\u202Efdp.exe", "annual[U+202E]fdp.exe"},
		{"isolates and marks", "a\u2066b\u2069c\u200Fd\u061Ce", "a[U+2066]b[U+2069]c[U+200F]d[U+061C]e"},
		{"controls", "bell\x07 escape\x1b[31m null\x00 return\rhere", "bell[U+0007] escape[U+001B][31m null[U+0000] return[U+000D]here"},
		{"zero width", "to\u200Bge\u2060th\uFEFFer soft\u00ADhyphen", "to[U+200B]ge[U+2060]th[U+FEFF]er soft[U+00AD]hyphen"},
		{"joiners in Latin", "co\u200Cpy o\u200Dne\u034F x\uFE0F", "co[U+200C]py o[U+200D]ne[U+034F] x[U+FE0F]"},
		{"hidden tags", "hi\U000E0068\U000E0069", "hi[U+E0068][U+E0069]"},
		{"blank letters", "a\u3164b\u115Fc\u2800d\uFFFCe", "a[U+3164]b[U+115F]c[U+2800]d[U+FFFC]e"},
		{"private and unassigned", "x\uE000y\u0378z\U000F0000", "x[U+E000]y[U+0378]z[U+F0000]"},
		{"without a font", "sun \U0001208A \U00013000", "sun [U+1208A] [U+13000]"},
		{"bytes", "a\xffb\xc3(c\xed\xa0\x80d", "a[byte FF]b[byte C3](c[byte ED][byte A0][byte 80]d"},
		{"line separators", "one\u2028two\u2029three\u0085four", "one[U+2028]two[U+2029]three[U+0085]four"},
		{"tab and line ends", "a\tb\r\nc", "a    b\nc"},
		{"replacement character", "gone \uFFFD", "gone \uFFFD"},
	}
}
