"""What people and companies of the demo data are called, and what their telephone numbers look like.

A name may be followed by its form in Latin letters, ``伟=Wei``; where it is not, accents are dropped and Cyrillic and
Greek letters are transcribed. ``#`` in a number stands for any digit: every number of each pattern is a valid one.
"""
# Texts that are split read better here than lists of quoted words.
# ruff: noqa: SIM905

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

TRANSCRIBED = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґαβγδεζηθικλμνξοπρσςτυφχψωßøłđıæœ",
        "a b v g d e zh z i y k l m n o p r s t u f kh ts ch sh shch  y  e yu ya i i ye g"
        " a v g d e z i th i k l m n x o p r s s t y f ch ps o ss o l d i ae oe".split(" "),
        strict=True,
    )
)


def romanized(text: str) -> str:
    """The text in small ASCII letters; what has no transcription is dropped."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", text.lower()).replace("й", "y"))
    return "".join(TRANSCRIBED.get(letter, letter) for letter in plain if not unicodedata.combining(letter))


@dataclass(frozen=True)
class Name:
    native: str
    roman: str


def names(text: str) -> tuple[Name, ...]:
    found = []
    for word in text.split():
        native, _, roman = word.replace("_", " ").partition("=")
        found.append(Name(native, roman.lower() or romanized(native)))
    return tuple(found)


@dataclass(frozen=True)
class Locale:
    """``weight`` is the locale's share of all people, in parts of the sum of weights."""

    language: str
    region: str
    weight: int
    women: tuple[Name, ...]
    men: tuple[Name, ...]
    families: tuple[Name, ...]
    cities: tuple[Name, ...]
    companies: tuple[str, ...]
    trades: tuple[Name, ...]
    phones: tuple[str, ...]
    streets: tuple[str, ...]
    family_first: bool = False
    space: str = " "
    # Family names of women where they differ: endings and what they become.
    feminine: tuple[tuple[str, str], ...] = field(default=())

    def family(self, name: Name, woman: bool) -> Name:
        for ending, instead in self.feminine if woman else ():
            if name.native.endswith(ending):
                native = name.native.removesuffix(ending) + instead
                return Name(native, romanized(native))
        return name

    def full_name(self, given: str, family: str) -> str:
        return f"{family}{self.space}{given}" if self.family_first else f"{given}{self.space}{family}"


US_AREAS = (
    "201 202 205 206 208 212 213 214 215 216 217 224 225 228 229 231 234 239 240 248 251 252 253 254 256 260 262 267 "
    "269 270 281 301 302 303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320 321 330 334 336 337 339 347 "
    "351 352 360 361 386 401 402 404 405 406 407 408 409 410 412 413 414 415 417 419 423 425 432 434 435 440 443 469 "
    "478 479 480 501 502 503 504 505 507 508 509 510 512 513 515 516 517 518 520 530 540 541 551 559 561 562 563 567"
).split()
US_SPELLINGS = ("({area}) 555-####", "{area}-555-####", "+1 {area} 555 ####", "{area}.555.####")

LOCALES = (
    Locale(
        "en",
        "US",
        20,
        names(
            "Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Karen Nancy Lisa Margaret Sandra "
            "Ashley Emily Donna Michelle Carol Amanda Melissa Deborah Stephanie Rebecca Laura Olivia Emma Ava "
            "Sophia Isabella"
        ),
        names(
            "James Robert John Michael David William Richard Joseph Thomas Christopher Charles Daniel Matthew "
            "Anthony Mark Steven Andrew Paul Joshua Kenneth Kevin Brian George Timothy Ronald Jason Edward Noah "
            "Liam Ethan"
        ),
        names(
            "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez "
            "Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Thompson White Harris Clark Lewis Robinson "
            "Walker Young Allen King Wright Scott Torres Hill Flores Green Adams Nelson Baker Hall Rivera Campbell "
            "Mitchell Carter Roberts Butt O'Connor O'Brien McDonald Foller Darakjy Venere Paprocki"
        ),
        names("Boston Chicago Denver Austin Portland Seattle Atlanta Nashville New_Orleans Phoenix Cleveland Houston"),
        ("{family} {trade}", "{city} {trade} Inc", "{family} & {family2} LLC", "{trade} of {city}", "{family} Group"),
        names(
            "Logistics Software Furniture Printing Insurance Foods Travel Energy Textiles Tools Media Robotics Optics"
        ),
        tuple(spelling.format(area=area) for area in US_AREAS for spelling in US_SPELLINGS),
        ("{n} Main Street", "{n} Oak Avenue", "{n} Lake Drive", "{n} Washington Boulevard"),
    ),
    Locale(
        "ru",
        "RU",
        14,
        names(
            "Алёна Анна Мария Елена Ольга Наталья Татьяна Ирина Светлана Екатерина Юлия Дарья Анастасия Виктория "
            "Полина Ксения Людмила Галина Нина Вера Надежда Любовь Марина Валентина Софья Алиса Варвара Зоя Яна "
            "Инна"
        ),
        names(
            "Александр Сергей Дмитрий Алексей Андрей Максим Евгений Иван Михаил Николай Владимир Артём Пётр Фёдор "
            "Олег Роман Павел Игорь Виктор Юрий Константин Денис Антон Никита Илья Кирилл Глеб Семён Григорий "
            "Тимофей"
        ),
        names(
            "Иванов Смирнов Кузнецов Попов Васильев Петров Соколов Михайлов Новиков Фёдоров Морозов Волков Алексеев "
            "Лебедев Семёнов Егоров Павлов Козлов Степанов Николаев Орлов Андреев Макаров Никитин Захаров Зайцев "
            "Соловьёв Борисов Яковлев Григорьев Романов Воробьёв Сергеев Королёв Ёлкин Щербаков Чайковский "
            "Достоевский"
        ),
        names("Москва Казань Самара Пермь Омск Тверь Тула Рязань Воронеж Калуга Ярославль Томск Уфа"),
        ("ООО «{trade}»", "{trade} {city}", "ИП {family}", "Торговый дом «{family} и {family2}»", "АО «{city}{trade}»"),
        names(
            "Ромашка Технострой Мебель Логистика Стройсервис Продукты Полёт Энергия Текстиль Инструмент Оптика Рассвет"
        ),
        (
            "+7 903 ###-##-##",
            "8 (916) ###-##-##",
            "+7 (926) ###-##-##",
            "8 987 ###-##-##",
            "+7917#######",
            "8 495 2##-##-##",
            "8(812)3##-##-##",
            "8921 ### ## ##",
            "+7-963-###-##-##",
        ),
        ("ул. Ленина, д. {n}", "пр. Мира, {n}", "Садовая ул., {n}", "наб. Реки, {n}"),
        feminine=(("ский", "ская"), ("ов", "ова"), ("ев", "ева"), ("ёв", "ёва"), ("ин", "ина")),
    ),
    Locale(
        "zh",
        "CN",
        9,
        names(
            "芳=Fang 娜=Na 敏=Min 静=Jing 丽=Li 艳=Yan 霞=Xia 婷=Ting 雪=Xue 慧=Hui 秀英=Xiuying 桂兰=Guilan "
            "梦琪=Mengqi 雨欣=Yuxin"
        ),
        names(
            "伟=Wei 强=Qiang 磊=Lei 军=Jun 洋=Yang 勇=Yong 杰=Jie 涛=Tao 明=Ming 超=Chao 建国=Jianguo 浩然=Haoran "
            "子轩=Zixuan 志强=Zhiqiang"
        ),
        names(
            "王=Wang 李=Li 张=Zhang 刘=Liu 陈=Chen 杨=Yang 黄=Huang 赵=Zhao 吴=Wu 周=Zhou 徐=Xu 孙=Sun 马=Ma 朱=Zhu "
            "胡=Hu 郭=Guo 何=He 林=Lin 高=Gao 罗=Luo 郑=Zheng 梁=Liang 谢=Xie 宋=Song 唐=Tang 欧阳=Ouyang 司马=Sima"
        ),
        names(
            "北京=Beijing 上海=Shanghai 广州=Guangzhou 深圳=Shenzhen 成都=Chengdu 杭州=Hangzhou 武汉=Wuhan "
            "西安=Xian 南京=Nanjing"
        ),
        ("{city}{family}氏{trade}有限公司", "{city}{trade}科技有限公司", "{family}{family2}{trade}集团"),
        names(
            "华信=Huaxin 物流=Wuliu 电子=Dianzi 贸易=Maoyi 家具=Jiaju 食品=Shipin 能源=Nengyuan 光学=Guangxue "
            "纺织=Fangzhi"
        ),
        ("+86 138 #### ####", "+86 139 #### ####", "+86 186 #### ####", "+86 159########"),
        ("人民路{n}号", "中山大道{n}号", "解放街{n}号"),
        family_first=True,
        space="",
    ),
    Locale(
        "de",
        "DE",
        9,
        names("Anna Sabine Petra Monika Jutta Käthe Ursula Heike Brigitte Lena Leonie Mia Hannah Birgit Renate Bärbel"),
        names("Jürgen Jörg Günther Hans Peter Wolfgang Klaus Lukas Leon Finn Björn Uwe Stefan Matthias Jens Götz"),
        names(
            "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter "
            "Klein Schröder Neumann Schwarz Zimmermann Krüger Hofmann Lange Krause Köhler Groß Weiß Jäger Möller "
            "von_der_Heide"
        ),
        names("Berlin Hamburg München Köln Frankfurt Stuttgart Düsseldorf Leipzig Bremen Dresden Nürnberg Lübeck"),
        (
            "{family} {trade} GmbH",
            "{city}er {trade} AG",
            "{family} & Söhne",
            "{trade} {family} KG",
            "{family} & {family2}",
        ),
        names("Maschinenbau Logistik Möbel Software Druckerei Bäckerei Werkzeuge Textil Energie Optik Getränke"),
        ("+49 151 2#######", "+49 171 #######", "+49 30 2#######", "+49 89 3######", "+49 160 9#######"),
        ("Hauptstraße {n}", "Gartenweg {n}", "Bahnhofstraße {n}", "Goetheallee {n}"),
    ),
    Locale(
        "es",
        "ES",
        8,
        names(
            "María Carmen Ana Isabel Laura Cristina Marta Lucía Sofía Elena Raquel Núria Inés Begoña Concepción Ángela"
        ),
        names(
            "Antonio José Manuel Francisco Juan Javier Jesús Ángel Miguel Rafael Íñigo Álvaro Sergio Rubén Óscar Andrés"
        ),
        names(
            "García González Rodríguez Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández "
            "Díaz Moreno Muñoz Álvarez Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez Ramos Núñez Ibáñez "
            "de_la_Cruz"
        ),
        names("Madrid Barcelona Valencia Sevilla Zaragoza Málaga Murcia Bilbao Alicante Córdoba Valladolid Vigo"),
        ("{trade} {family} S.L.", "{family} y {family2} S.A.", "{trade} de {city}", "Hermanos {family}"),
        names("Transportes Muebles Aceites Viajes Energía Textiles Óptica Imprenta Bodegas Conservas Informática"),
        ("+34 612 ### ###", "+34 655 ### ###", "+34 91 2## ## ##", "+34 93 3## ## ##"),
        ("Calle Mayor {n}", "Avenida de la Constitución {n}", "Plaza de España {n}"),
    ),
    Locale(
        "fr",
        "FR",
        8,
        names(
            "Marie Nathalie Isabelle Sylvie Catherine Françoise Céline Chloé Zoé Inès Hélène Élodie Amélie Aurélie Léa"
        ),
        names(
            "Jean Pierre Michel Philippe Alain Nicolas François Éric Frédéric Jérôme Rémi Léo Hugo Théo Stéphane René"
        ),
        names(
            "Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefèvre Michel "
            "Garcia David Bertrand Roux Vincent Fournier Girard Bonnet Dupont Lambert Fontaine Noël Lemaître "
            "d'Ormesson"
        ),
        names("Paris Marseille Lyon Toulouse Nice Nantes Strasbourg Montpellier Bordeaux Lille Rennes Orléans"),
        ("{trade} {family}", "{family} et Fils", "Société {trade} de {city}", "{family} {family2} SARL"),
        names(
            "Transports Meubles Boulangerie Imprimerie Énergie Voyages Optique Textiles Logiciels Fromagerie "
            "Électricité"
        ),
        ("+33 6 12 ## ## ##", "+33 6 7# ## ## ##", "+33 1 42 ## ## ##", "+33 7 81 ## ## ##"),
        ("{n} rue de la République", "{n} avenue Victor Hugo", "{n} place du Marché"),
    ),
    Locale(
        "pt",
        "BR",
        6,
        names(
            "Ana Maria Juliana Mariana Fernanda Patrícia Camila Letícia Vitória Beatriz Luíza Conceição Cláudia Débora"
        ),
        names(
            "José João Antônio Francisco Carlos Paulo Pedro Lucas Luiz Marcos Gabriel Rafael Márcio Sérgio Fábio "
            "Caetano"
        ),
        names(
            "Silva Santos Oliveira Souza Lima Pereira Ferreira Costa Rodrigues Almeida Nascimento Araújo Gonçalves "
            "Conceição"
        ),
        names("São_Paulo Rio_de_Janeiro Salvador Brasília Fortaleza Curitiba Recife Manaus Belém Goiânia Vitória"),
        ("{trade} {family} Ltda", "{family} & {family2}", "{trade} {city} S.A.", "Irmãos {family}"),
        names("Transportes Móveis Café Confecções Energia Viagens Óptica Gráfica Alimentos Informática Construções"),
        ("+55 11 98### ####", "+55 21 99### ####", "+55 31 97### ####"),
        ("Rua das Flores, {n}", "Avenida Paulista, {n}", "Rua São José, {n}"),
    ),
    Locale(
        "ar",
        "EG",
        5,
        names(
            "فاطمة=Fatima مريم=Maryam نور=Nour سارة=Sara ليلى=Layla عائشة=Aisha هدى=Huda ياسمين=Yasmin زينب=Zaynab "
            "رانيا=Rania"
        ),
        names(
            "محمد=Mohamed أحمد=Ahmed علي=Ali عمر=Omar يوسف=Youssef خالد=Khaled حسن=Hassan إبراهيم=Ibrahim "
            "كريم=Karim طارق=Tarek"
        ),
        names(
            "حسن=Hassan علي=Ali إبراهيم=Ibrahim السيد=Elsayed عبد_الله=Abdallah محمود=Mahmoud مصطفى=Mostafa "
            "سليمان=Soliman المصري=Elmasry النجار=Elnaggar الحداد=Elhaddad خليل=Khalil منصور=Mansour فاروق=Farouk"
        ),
        names("القاهرة=Cairo الإسكندرية=Alexandria الجيزة=Giza أسوان=Aswan الأقصر=Luxor طنطا=Tanta المنصورة=Mansoura"),
        ("شركة {family} {trade}", "{trade} {city}", "مؤسسة {family} و{family2}"),
        names(
            "للتجارة=Trading للنقل=Transport للأثاث=Furniture للطاقة=Energy للسياحة=Travel للنسيج=Textiles "
            "للبرمجيات=Software"
        ),
        ("+20 100 ### ####", "+20 111 ### ####", "+20 122 ### ####"),
        ("{n} شارع التحرير", "{n} شارع النيل", "{n} ميدان رمسيس"),
    ),
    Locale(
        "ja",
        "JP",
        5,
        names(
            "陽子=Yoko 恵子=Keiko さくら=Sakura 美咲=Misaki 結衣=Yui 葵=Aoi 由美子=Yumiko 真由美=Mayumi "
            "千尋=Chihiro 直美=Naomi"
        ),
        names(
            "翔太=Shota 大輔=Daisuke 健太=Kenta 誠=Makoto 隆=Takashi 蓮=Ren 大翔=Hiroto 拓也=Takuya 直樹=Naoki "
            "浩=Hiroshi"
        ),
        names(
            "佐藤=Sato 鈴木=Suzuki 高橋=Takahashi 田中=Tanaka 伊藤=Ito 渡辺=Watanabe 山本=Yamamoto 中村=Nakamura "
            "小林=Kobayashi 加藤=Kato 吉田=Yoshida 山田=Yamada 佐々木=Sasaki 松本=Matsumoto 井上=Inoue 木村=Kimura"
        ),
        names("東京=Tokyo 大阪=Osaka 京都=Kyoto 横浜=Yokohama 名古屋=Nagoya 札幌=Sapporo 福岡=Fukuoka 神戸=Kobe"),
        ("株式会社{family}{trade}", "{city}{trade}株式会社", "{family}{family2}商店"),
        names(
            "運輸=Unyu 電機=Denki 印刷=Insatsu 食品=Shokuhin 家具=Kagu 光学=Kogaku 繊維=Seni 旅行=Ryoko "
            "製作所=Seisakusho"
        ),
        ("+81 90 1### ####", "+81 80 3### ####", "+81 3 3### ####"),
        ("中央{n}丁目", "本町{n}番地", "桜通り{n}"),
        family_first=True,
    ),
    Locale(
        "pl",
        "PL",
        4,
        names(
            "Anna Małgorzata Katarzyna Agnieszka Zofia Elżbieta Łucja Bożena Grażyna Joanna Magdalena Żaneta Wiesława"
        ),
        names(
            "Piotr Krzysztof Andrzej Paweł Michał Łukasz Stanisław Wojciech Mieczysław Grzegorz Jerzy Zbigniew "
            "Bartłomiej"
        ),
        names(
            "Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski "
            "Kozłowski Jankowski Mazur Kwiatkowski Krawczyk Piotrowski Grabowski Pawłowski Michałowski Zając Wróbel"
        ),
        names("Warszawa Kraków Łódź Wrocław Poznań Gdańsk Szczecin Lublin Białystok Częstochowa Toruń"),
        ("{trade} {family} Sp. z o.o.", "{family} i {family2}", "{trade} {city} S.A."),
        names("Meble Transport Oprogramowanie Drukarnia Narzędzia Energia Podróże Piekarnia Optyka Odzież"),
        ("+48 601 ### ###", "+48 512 ### ###", "+48 22 5## ## ##"),
        ("ul. Długa {n}", "ul. Kościuszki {n}", "al. Jerozolimskie {n}"),
        feminine=(("ski", "ska"),),
    ),
    Locale(
        "hi",
        "IN",
        4,
        names("प्रिया=Priya अंजलि=Anjali सुनीता=Sunita पूजा=Pooja कविता=Kavita नेहा=Neha दीपिका=Deepika मीरा=Meera"),
        names("राहुल=Rahul अमित=Amit विजय=Vijay संजय=Sanjay राज=Raj अर्जुन=Arjun रवि=Ravi सुनील=Sunil"),
        names(
            "शर्मा=Sharma सिंह=Singh कुमार=Kumar गुप्ता=Gupta वर्मा=Verma पटेल=Patel यादव=Yadav मिश्रा=Mishra "
            "जोशी=Joshi रेड्डी=Reddy"
        ),
        names("दिल्ली=Delhi मुंबई=Mumbai चेन्नई=Chennai कोलकाता=Kolkata पुणे=Pune जयपुर=Jaipur लखनऊ=Lucknow"),
        ("{family} {trade}", "{city} {trade} प्राइवेट लिमिटेड", "{family} और {family2}"),
        names("ट्रेडर्स=Traders टेक्सटाइल्स=Textiles सॉफ्टवेयर=Software फूड्स=Foods एनर्जी=Energy ट्रांसपोर्ट=Transport"),
        ("+91 98### #####", "+91 99### #####", "+91 90### #####"),
        ("{n} गांधी मार्ग", "{n} नेहरू रोड", "{n} स्टेशन रोड"),
    ),
    Locale(
        "tr",
        "TR",
        3,
        names("Ayşe Fatma Emine Hatice Zeynep Elif Özlem Gülşah Şükran Çiğdem Büşra Tuğba"),
        names("Mehmet Mustafa Ahmet Ali Hüseyin İbrahim Ömer Çağlar Oğuz Şahin Gökhan Uğur"),
        names("Yılmaz Kaya Demir Çelik Şahin Yıldız Yıldırım Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan Çetin Koç"),
        names("İstanbul Ankara İzmir Bursa Antalya Konya Adana Eskişehir Muğla Şanlıurfa"),
        ("{family} {trade} A.Ş.", "{family} ve Oğulları", "{city} {trade} Ltd. Şti."),
        names("Lojistik Mobilya Yazılım Tekstil Enerji Gıda Turizm Matbaa Optik İnşaat"),
        ("+90 532 ### ## ##", "+90 542 ### ## ##", "+90 212 3## ## ##"),
        ("Atatürk Caddesi No: {n}", "Cumhuriyet Sokak {n}", "Gül Sokağı {n}"),
    ),
    Locale(
        "sv",
        "SE",
        2,
        names("Åsa Märta Ingrid Karin Anna Elsa Maja Ebba Birgitta Göta Linnéa Saga"),
        names("Åke Björn Göran Lars Anders Erik Karl Gösta Sören Håkan Nils Östen"),
        names(
            "Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson Lindström "
            "Bergström Åberg Öberg"
        ),
        names("Stockholm Göteborg Malmö Uppsala Västerås Örebro Linköping Umeå"),
        ("{family} {trade} AB", "{city} {trade} AB", "{family} & {family2}"),
        names("Möbler Transport Programvara Tryckeri Verktyg Energi Resor Bageri Optik Skogsbruk"),
        ("+46 70 2## ## ##", "+46 73 4## ## ##", "+46 8 5## ### ##"),
        ("Storgatan {n}", "Kungsgatan {n}", "Björkvägen {n}"),
    ),
    Locale(
        "uk",
        "UA",
        3,
        names("Оксана Олена Наталія Ірина Тетяна Людмила Марія Ганна Юлія Софія Соломія Євгенія Ївга"),
        names("Олександр Андрій Сергій Володимир Тарас Богдан Микола Василь Юрій Дмитро Євген Ярослав"),
        names(
            "Шевченко Коваленко Бондаренко Ткаченко Кравченко Олійник Шевчук Коваль Поліщук Бондар Мельник Руденко "
            "Гнатюк Їжакевич"
        ),
        names("Київ Львів Одеса Харків Дніпро Полтава Вінниця Чернігів Луцьк"),
        ("ТОВ «{trade}»", "{trade} {city}", "ФОП {family}", "{family} і {family2}"),
        names("Меблі Логістика Продукти Енергія Текстиль Оптика Подорожі Друкарня Будсервіс"),
        ("+380 67 ### ## ##", "+380 50 ### ## ##", "+380 93 ### ## ##"),
        ("вул. Хрещатик, {n}", "вул. Лесі Українки, {n}", "пл. Ринок, {n}"),
    ),
    Locale(
        "el",
        "GR",
        2,
        names("Μαρία Ελένη Αικατερίνη Βασιλική Σοφία Αγγελική Γεωργία Δήμητρα Ιωάννα"),
        names("Γεώργιος Ιωάννης Κωνσταντίνος Δημήτριος Νικόλαος Παναγιώτης Βασίλειος Χρήστος Αθανάσιος"),
        names("Παπαδόπουλος Βλάχος Αγγελόπουλος Νικολαΐδης Γεωργίου Πέτρου Δημητρίου Οικονόμου Ιωάννου Καραγιάννης"),
        names("Αθήνα Θεσσαλονίκη Πάτρα Ηράκλειο Λάρισα Βόλος Ρόδος"),
        ("{family} {trade} ΑΕ", "{family} και {family2}", "{trade} {city}"),
        names("Μεταφορές Έπιπλα Λογισμικό Τρόφιμα Ενέργεια Ταξίδια Οπτικά Εκδόσεις"),
        ("+30 697 ### ####", "+30 694 ### ####", "+30 210 2## ####"),
        ("Οδός Ερμού {n}", "Λεωφόρος Συγγρού {n}", "Πλατεία Συντάγματος {n}"),
    ),
    Locale(
        "ko",
        "KR",
        3,
        names("지민=Jimin 서연=Seoyeon 수진=Sujin 민지=Minji 은영=Eunyoung 하은=Haeun 유진=Yujin 미경=Mikyung"),
        names("민준=Minjun 서준=Seojun 도윤=Doyun 지훈=Jihoon 성민=Seongmin 영수=Youngsoo 현우=Hyunwoo 준호=Junho"),
        names(
            "김=Kim 이=Lee 박=Park 최=Choi 정=Jung 강=Kang 조=Cho 윤=Yoon 장=Jang 임=Lim 한=Han 오=Oh 서=Seo 신=Shin"
        ),
        names("서울=Seoul 부산=Busan 대구=Daegu 인천=Incheon 광주=Gwangju 대전=Daejeon 수원=Suwon"),
        ("주식회사 {family}{trade}", "{city}{trade}", "{family}{family2}상사"),
        names("물류=Mullyu 전자=Jeonja 가구=Gagu 식품=Sikpum 여행=Yeohaeng 에너지=Energy 인쇄=Inswae"),
        ("+82 10 2### ####", "+82 10 9### ####", "+82 2 5## ####"),
        ("세종대로 {n}", "강남대로 {n}", "중앙로 {n}"),
        family_first=True,
        space="",
    ),
    Locale(
        "cs",
        "CZ",
        2,
        names("Jana Marie Eva Hana Anna Lenka Kateřina Lucie Věra Alena Petra Božena Jiřina Žofie"),
        names("Jiří Jan Petr Josef Pavel Martin Tomáš Jaroslav Miroslav Zdeněk Václav Ondřej Štěpán Řehoř"),
        names("Novák Svoboda Novotný Dvořák Černý Procházka Kučera Veselý Horák Němec Pokorný Růžička Šťastný Říha"),
        names("Praha Brno Ostrava Plzeň Liberec Olomouc Hradec_Králové Pardubice Zlín"),
        ("{family} {trade} s.r.o.", "{trade} {city} a.s.", "{family} a {family2}"),
        names("Nábytek Doprava Tiskárna Nářadí Energie Cestování Pekařství Optika Software"),
        ("+420 602 ### ###", "+420 777 ### ###", "+420 221 ### ###"),
        ("Hlavní {n}", "Náměstí Míru {n}", "Nádražní {n}"),
        feminine=(("ý", "á"), ("a", "ová"), ("ec", "cová"), ("k", "ková")),
    ),
    Locale(
        "vi",
        "VN",
        2,
        names("Hương Lan Mai Thảo Linh Ngọc Phương Trang Yến Hạnh Tuyết Thủy"),
        names("Hùng Dũng Minh Tuấn Nam Long Đức Quang Hải Sơn Thắng Phúc"),
        names("Nguyễn Trần Lê Phạm Hoàng Phan Vũ Đặng Bùi Đỗ Hồ Ngô"),
        names("Hà_Nội Đà_Nẵng Huế Cần_Thơ Hải_Phòng Nha_Trang"),
        ("Công ty {trade} {family}", "{trade} {city}", "{family} và {family2}"),
        names("Thương_Mại Vận_Tải Nội_Thất Phần_Mềm Năng_Lượng Du_Lịch Thực_Phẩm"),
        ("+84 90 ### ## ##", "+84 98 ### ## ##", "+84 91 ### ## ##"),
        ("{n} đường Lê Lợi", "{n} phố Huế", "{n} đường Trần Phú"),
        family_first=True,
    ),
)
