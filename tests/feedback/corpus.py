"""Comments of which it is known what they are about: sentences on six subjects in two languages, with small talk."""

import random

ENGLISH = {
    "delivery": [
        "The {d} came {n} days late",
        "My {d} arrived with a torn box",
        "{d} was fast, the courier called ahead",
        "The courier left the parcel with a neighbour",
        "Shipping took {n} weeks, the parcel was lost",
        "Tracking of the parcel never worked",
        "Courier was rude and late",
    ],
    "support": [
        "The support agent answered within {n} minutes",
        "I waited {n} hours on the hotline",
        "Support solved my problem at once",
        "Nobody in support answers the phone",
        "The agent on the phone was friendly and patient",
        "Customer service hotline hangs up",
        "The operator did not know the answer",
    ],
    "price": [
        "Too expensive for what you get",
        "The price went up {n} times this year",
        "Great value for the money",
        "Hidden fees on top of the price",
        "The discount was not applied, I paid the full price",
        "Cheaper elsewhere, your prices are high",
    ],
    "quality": [
        "The fabric tore after {n} days",
        "Material is solid, stitching well done",
        "The product broke after {n} uses",
        "Poor quality, the plastic cracked",
        "Well made product, solid material",
        "It broke the first day, cheap plastic",
    ],
    "app": [
        "The app crashes on login",
        "I cannot log in to the website, the password reset mail never comes",
        "The new app update is slow",
        "Website menu is confusing and the search finds nothing",
        "The mobile app freezes at checkout",
        "Login page shows an error",
    ],
    "billing": [
        "I was charged twice on my card",
        "The invoice had a wrong amount",
        "Refund took {n} weeks to reach my card",
        "The invoice never came by mail",
        "They refunded my payment quickly",
        "My card payment was declined {n} times",
    ],
}
RUSSIAN = {
    "delivery": [
        "Доставка опоздала на {n} дня",
        "Курьер привёз посылку вовремя",
        "Посылку доставили с порванной коробкой",
        "Курьер не позвонил и оставил посылку у соседей",
        "Быстрая доставка, курьер вежливый",
        "Доставку перенесли {n} раза",
    ],
    "support": [
        "Оператор поддержки ответил за {n} минут",
        "Не дозвониться до поддержки",
        "Служба поддержки решила вопрос сразу",
        "Оператор на линии грубил",
        "Поддержка не отвечает на звонки",
        "Ждал ответа оператора {n} часа",
    ],
    "price": [
        "Слишком дорого, цены выросли",
        "Цена выше, чем у других",
        "Отличная цена и скидка",
        "Скидку не применили, заплатил полную цену",
        "Дорого за такие деньги",
        "Цены приятные, деньги потратил не зря",
    ],
    "quality": [
        "Товар сломался через {n} дня",
        "Качество ткани плохое, швы разошлись",
        "Материал прочный, качество хорошее",
        "Пластик треснул, качество ужасное",
        "Качественный товар, материал приятный",
        "Ткань порвалась, брак",
    ],
    "app": [
        "Приложение вылетает при входе",
        "Не могу войти на сайт, пароль не подходит",
        "Сайт тормозит, поиск ничего не находит",
        "Приложение зависает после обновления",
        "Неудобный сайт и меню",
        "Пароль не восстановить в приложении",
    ],
    "billing": [
        "Деньги с карты списали дважды",
        "В счёте неверная сумма",
        "Возврат на карту шёл {n} недели",
        "Счёт не пришёл на почту",
        "Оплата картой не проходит",
        "Вернули оплату на карту быстро",
    ],
}
BEFORE = {
    "en": ["", "Hello, ", "To be honest: ", "Overall ok. ", "Sadly, "],
    "ru": ["", "Здравствуйте. ", "Честно говоря, ", "В целом нормально. ", "К сожалению, "],
}
AFTER = {
    "en": ["", ".", "!", ". Thank you", ". Will see", ". Not sure I come back"],
    "ru": ["", ".", "!", ". Спасибо", ". Посмотрим", ". Не уверен, что вернусь"],
}


def labelled_comments(language: str, count: int, seed: int = 1) -> list[tuple[str, str]]:
    """So many comments with the subject of each; every fourth has two sentences on it."""
    chance = random.Random(f"{language} {seed}")
    sentences = ENGLISH if language == "en" else RUSSIAN
    found = []
    for number in range(count):
        subject = chance.choice(sorted(sentences))
        said = chance.sample(sentences[subject], 2 if number % 4 == 0 else 1)
        text = ". ".join(each.format(n=chance.randint(2, 9), d=chance.choice(["parcel", "package"])) for each in said)
        found.append((chance.choice(BEFORE[language]) + text + chance.choice(AFTER[language]), subject))
    return found
