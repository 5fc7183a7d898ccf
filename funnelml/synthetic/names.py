"""Names that the synthetic world gives to people, accounts, sources and segments, in English and Chinese."""

from __future__ import annotations

from funnelml.synthetic.parameters import Segment, Source

REPS = {
    "en": (
        "Anna Vogel", "Ben Carter", "Clara Jansen", "David Novak", "Elena Rossi", "Felix Brandt",
        "Grace Murphy", "Hugo Laurent", "Ines Moreau", "Jonas Weber", "Katja Lind", "Liam Walsh",
        "Marta Kowalska", "Nils Berg", "Olivia Hart", "Pavel Dvorak", "Rosa Iglesias", "Simon Keller",
        "Tessa de Vries", "Viktor Hansen",
    ),
    "zh": (
        "王伟", "李娜", "张敏", "刘洋", "陈静", "杨磊", "赵芳", "黄强", "周婷", "吴军",
        "徐丽", "孙浩", "胡雪", "朱明", "高翔", "林峰", "何洁", "郭涛", "马超", "罗琳",
    ),
}  # fmt: skip

SOURCES = {
    "en": (
        Source(name="Website", share=0.34, effect=0.0, converts=0.55, cost=45.0),
        Source(name="Outbound", share=0.26, effect=-0.30, converts=0.45, cost=120.0),
        Source(name="Referral", share=0.16, effect=0.45, converts=0.80),
        Source(name="Event", share=0.14, effect=-0.05, converts=0.60, cost=180.0),
        Source(name="Partner", share=0.10, effect=0.20, converts=0.75, cost=90.0),
    ),
    "zh": (
        Source(name="官网", share=0.34, effect=0.0, converts=0.55, cost=300.0),
        Source(name="电话外呼", share=0.26, effect=-0.30, converts=0.45, cost=700.0),
        Source(name="客户转介绍", share=0.16, effect=0.45, converts=0.80),
        Source(name="展会", share=0.14, effect=-0.05, converts=0.60, cost=1200.0),
        Source(name="渠道伙伴", share=0.10, effect=0.20, converts=0.75, cost=600.0),
    ),
}

SEGMENTS = {
    "en": (
        Segment(name="SMB", share=0.55, median=12_000),
        Segment(name="Mid-market", share=0.33, median=38_000),
        Segment(name="Enterprise", share=0.12, median=120_000),
    ),
    "zh": (
        Segment(name="小型企业", share=0.55, median=90_000),
        Segment(name="中型企业", share=0.33, median=280_000),
        Segment(name="大型企业", share=0.12, median=900_000),
    ),
}

_ACCOUNTS = {
    "en": (
        ("Alster", "Baltic", "Castell", "Donau", "Elbe", "Falken", "Garten", "Hansa", "Isar", "Jura", "Kron",
         "Linden", "Marken", "Nord", "Oder", "Pegel", "Quell", "Rhein", "Silber", "Tauber", "Ufer", "Vega",
         "Weser", "Zenit", "Arden", "Birken", "Corvus", "Eifel", "Harz", "Lahn", "Mosel", "Saale"),
        ("Logistics", "Foods", "Pharma", "Machinery", "Energy", "Retail", "Systems", "Packaging", "Motors",
         "Optics", "Textiles", "Chemicals", "Insurance", "Media", "Clinics", "Steel", "Tools", "Travel",
         "Brewing", "Paper", "Sensors", "Bikes", "Furniture", "Seeds", "Glass"),
    ),
    "zh": (
        ("华兴", "东方", "金源", "恒通", "远大", "鼎盛", "中盛", "瑞丰", "天成", "宏达", "永安",
         "长江", "北辰", "海润", "星河", "国泰", "明德", "嘉禾", "立信", "新锐", "安泰", "博远",
         "泰和", "凯旋", "光明", "卓越", "和顺", "同创", "佳美", "百川", "晨光", "启航"),
        ("科技", "物流", "食品", "医药", "机械", "能源", "零售", "包装", "电子", "化工", "纺织",
         "保险", "传媒", "汽车", "光学", "钢铁", "家具", "玻璃", "旅游", "环保", "建材", "农业",
         "仪器", "软件", "医疗"),
    ),
}  # fmt: skip

TEAMS = {"en": ("North", "South"), "zh": ("华北", "华南")}
"""Teams of the reps; seats belong to them in turn."""

_PEOPLE = {
    "en": (
        ("Alex", "Birgit", "Carlos", "Dana", "Emil", "Franka", "Georg", "Hanna", "Ivan", "Julia", "Karl", "Laura"),
        ("Adler", "Bauer", "Conti", "Duval", "Ek", "Fischer", "Garcia", "Horn", "Ilic", "Jensen", "Klein", "Lopez",
         "Maier", "Nowak", "Ott", "Peeters", "Ruiz"),
    ),
    "zh": (
        ("赵", "钱", "孙", "李", "周", "吴", "郑", "王", "冯", "陈", "褚", "卫"),
        ("建国", "晓燕", "志强", "美玲", "文博", "雅婷", "海涛", "秀英", "子轩", "丽华", "俊杰", "佳怡",
         "国庆", "梦琪", "永康", "思远", "慧敏"),
    ),
}  # fmt: skip

KINDS = {
    "en": ("call", "email", "meeting", "demo", "web visit"),
    "zh": ("电话", "邮件", "会议", "演示", "网站访问"),
}
"""Kinds of activities, in the order of the rates in ``activities.py``."""

NO_YES = {"en": ("no", "yes"), "zh": ("否", "是")}
"""How it is entered that a record does not meet a criterion of qualification, and that it does."""


def account_name(index: int, language: str) -> str:
    """Return the name of account ``index``; names are numbered once all combinations are used.

    Examples
    --------
    >>> account_name(0, "en"), account_name(800, "en")
    ('Alster Logistics', 'Alster Logistics 2')
    """
    first, second = _ACCOUNTS[language]
    pairs, gap = len(first) * len(second), " " if language == "en" else ""
    name = first[index % len(first)] + gap + second[(index % pairs) // len(first)]
    return name if index < pairs else f"{name} {index // pairs + 1}"


def contact_name(index: int, language: str) -> str:
    """Return the name of contact ``index``; two contacts of different accounts may bear one name."""
    first, second = _PEOPLE[language]
    gap = " " if language == "en" else ""
    return first[index % len(first)] + gap + second[index % len(second)]


def rep_name(index: int, language: str) -> str:
    """Return the name of the rep who joined as number ``index``."""
    known = REPS[language]
    return known[index] if index < len(known) else f"{known[index % len(known)]} {index // len(known) + 1}"
