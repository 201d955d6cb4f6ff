"""How well faxed pages are read, and for how much processor time.

    python tests/bench/fax_pages.py FOLDER                                  pages with a ground_truth.json beside them
    python tests/bench/fax_pages.py --make 40 --seed 7 --with gen_fax.py DIR   makes 40 more pages of that generator's kind first
    … --plain    by plain rapidocr, for comparison;  --wrong    what was misread;  --only STD    some pages;  --loaded    in this process

Processor seconds are user and system of the whole child in which the service reads a fax, its start and the search for codes included; of this process,
with the models loaded, where it is asked for `--loaded` or `--plain`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mailflow import papers
from parsers import Attachment
from parsers.pages import Page, pages
from parsers.printed import SURE, Cell, Words, fields, read_words

LONG = ("故障现象描述", "已采取措施")
LABELS = ("故障单号", "局点名称", "设备型号", "故障级别", "故障发生时间", "上报时间", "联系人", "联系电话", *LONG)
SHORT = tuple(label for label in LABELS if label not in LONG)
CITIES = {"GZ": "广州", "SZ": "深圳", "WH": "武汉", "CD": "成都", "XA": "西安", "NJ": "南京", "HZ": "杭州", "SY": "沈阳", "QD": "青岛", "ZZ": "郑州", "KM": "昆明", "BJ": "北京"}
PLACES = ("越秀区府前路", "天河软件园", "洪山珞喻路", "江北新区", "萧山国际机场", "二七广场", "呈贡大学城", "崂山石老人", "和平南五马路", "玄武湖", "碑林太乙路", "龙岗坂田")
KINDS = ("支局", "汇聚节点", "传输机房", "基站", "机房", "二期局", "核心局")
MODELS = ("S1240", "ZXMP S330", "NE20E-S4", "MA5600", "C&C08 32模", "OSN 7500", "ZXR10 8908", "BTS3012", "SBS 2500+", "Metro 3000", "MSE T8000", "AXE10", "5ESS-2000", "FONST 4000", "DX200")
LEVELS = ("紧急", "重大", "次要", "一般")
FAMILY, GIVEN = "王李张刘陈杨黄吴周徐孙朱高林郭何罗郑梁谢宋唐许邓韩冯曹彭曾萧田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚", "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰辉玲波建国华志文海燕晓红春梅鹏飞宇航"
FAULTS = ("主控板反复复位,日志显示温度过高,风扇转速为0。", "中继电路闪断,每小时约12次,误码率为3.5E-6。", "用户无法拨通外线,局内通话正常,信令链路7号断开。", "网管上看不到第5槽位单板,重新插拔后恢复约2小时。", "话单漏记,共缺失236条,磁盘占用率达98%。")
DONE = ("更换主控板一块,仍未恢复。", "已切换到备用电路,业务恢复。", "重启单板三次,无效,请派人到现场。", "清理风扇滤网,观察中。")


def made(count: int, seed: int, generator: Path, folder: Path) -> None:
    """More pages of the kind that `generator` makes: other people, places, numbers, fonts, dirt."""
    import numpy

    spec = importlib.util.spec_from_file_location("gen_fax", generator)
    assert spec is not None and spec.loader is not None
    gen = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gen)
    folder.mkdir(parents=True, exist_ok=True)
    truth = {}
    for number in range(count):
        dice = random.Random(seed * 1000 + number)
        rng = numpy.random.default_rng(seed * 1000 + number)
        case = _case(dice)
        mode = "fine" if number % 12 < 7 else "std"
        font = dice.choice([f for f in gen.F if f != "sansb"])
        upside, hand = int(dice.random() < 0.17), int(mode == "fine" and dice.random() < 0.12)
        lined = int(not hand and dice.random() < 0.17)
        points = dice.choice((10.5, 12, 12, 12, 14) if mode == "fine" or font != "song" else (12, 12, 14, 10.5))
        sheet, _ = gen.form(case, font, points, rng, int(dice.random() < 0.5), hand, lined)
        header = f"{case['上报时间']}  FROM: {case['联系电话']}   TO: 0755-28780808   P.01/01"
        salt, streaks, skew = dice.choice((0.0005, 0.003, 0.004, 0.008)), dice.choice((0, 1, 2, 4)), dice.uniform(-3, 3)
        name = f"m{number:03}_{mode}_{font}{points:g}" + "_upside" * upside + "_hand" * hand + "_lined" * lined
        gen.degrade(sheet, mode, skew, salt, streaks, upside, rng, header).save(folder / f"{name}.tif", compression="group4", dpi=(204, 196 if mode == "fine" else 98))
        truth[name] = {"fields": case, "mode": mode}
    (folder / "ground_truth.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1), "utf-8")


def _case(dice: random.Random) -> dict[str, str]:
    code, city = dice.choice(list(CITIES.items()))
    month, day, hour, minute = dice.randint(1, 12), dice.randint(1, 28), dice.randint(0, 22), dice.randint(0, 59)
    digits = "".join(dice.choice("0123456789") for _ in range(8))
    name = dice.choice(FAMILY) + "".join(dice.sample(GIVEN, dice.choice((1, 2, 2))))
    return {
        "故障单号": f"{code}-2026{month:02}{day:02}-{dice.randint(1, 320):04}", "局点名称": city + dice.choice(PLACES) + dice.choice(KINDS), "设备型号": dice.choice(MODELS), "故障级别": dice.choice(LEVELS),
        "故障发生时间": f"2026-{month:02}-{day:02} {hour:02}:{minute:02}", "上报时间": f"2026-{month:02}-{day:02} {hour + 1:02}:{dice.randint(0, 59):02}", "联系人": name,
        "联系电话": dice.choice((f"0{dice.randint(20, 29)}-{digits}", f"1{dice.choice('3589')}{digits}{dice.randint(0, 9)}", f"0{dice.randint(371, 898)}-{digits[:7]}")),
        "故障现象描述": dice.choice(FAULTS), "已采取措施": dice.choice(DONE),
    }  # fmt: skip


def files(folder: Path, only: str) -> Iterator[tuple[str, Path, dict[str, Any]]]:
    for name, truth in sorted(json.loads((folder / "ground_truth.json").read_text("utf-8")).items()):
        if only.lower() in name.lower():
            yield name, next(folder.glob(name + ".*")), truth


def plainly(page: Page) -> list[Words]:
    """As rapidocr reads without any help of ours, but for square pixels."""
    import numpy
    from rapidocr import RapidOCR

    global _plain
    _plain = _plain or RapidOCR(params={"Global.log_level": "critical"})
    done = _plain(numpy.asarray(page.image.convert("RGB")))
    if done.boxes is None:
        return []
    return [
        Words(str(text), (float(box[:, 0].min()), float(box[:, 1].min()), float(box[:, 0].max()), float(box[:, 1].max())), float(sure))
        for box, text, sure in zip(done.boxes, done.txts, done.scores, strict=True)
    ]


_plain: Any = None


def by_child(path: Path) -> tuple[list[Words], int]:
    """As the service reads a fax: the words of its first page, and how many pages were read."""
    reading = papers.read([Attachment(path.name, "", path.stat().st_size, path.read_bytes())], seconds=120, memory_mb=2048, fax=True)
    assert not reading.problems and not reading.unread, reading.problems
    return reading.prints[0].lines, reading.pages


def spent(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def same(read: str, truth: str) -> bool:
    return read.strip() == truth


def main() -> int:
    ask = argparse.ArgumentParser()
    ask.add_argument("folder", type=Path)
    ask.add_argument("--make", type=int, default=0)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--with", dest="generator", type=Path)
    ask.add_argument("--plain", action="store_true")
    ask.add_argument("--known", action="store_true", help="the levels that a form may hold are told")
    ask.add_argument("--loaded", action="store_true")
    ask.add_argument("--wrong", action="store_true")
    ask.add_argument("--only", default="")
    wish = ask.parse_args()
    if wish.make:
        made(wish.make, wish.seed, wish.generator, wish.folder)
    here = plainly if wish.plain else read_words
    loaded = wish.plain or wish.loaded
    who = resource.RUSAGE_SELF if loaded else resource.RUSAGE_CHILDREN
    exact: dict[str, list[int]] = {}
    sure_wrong, sure, doubtful_right, seconds = [], 0, 0, []
    long_right = long_all = 0
    if loaded:
        here(next(pages(next(files(wish.folder, ""))[1].read_bytes())))  # the models are
    for name, path, truth in files(wish.folder, wish.only):
        before, started = spent(who), time.monotonic()
        words, count = (here(next(pages(path.read_bytes()))), 1) if loaded else by_child(path)
        found = fields(words, LABELS, {"故障级别": LEVELS} if wish.known else None)
        seconds.append((spent(who) - before) / count)
        right = 0
        for label in SHORT:
            cell, wanted = found.get(label, Cell("", 0.0, (0, 0, 0, 0))), truth["fields"][label]
            good = same(cell.text, wanted)
            right += good
            if cell.sure >= SURE:
                sure += 1
                if not good:
                    sure_wrong.append((name, label, wanted, cell.text, round(cell.sure, 3)))
            else:
                doubtful_right += good
            if wish.wrong and not good:
                print(f"    {name} {label}: {wanted!r} read {cell.text!r} {cell.sure:.3f}")
        for label in LONG:
            long_all += 1
            long_right += found.get(label, Cell("", 0, (0, 0, 0, 0))).text.translate(_MARKS) == truth["fields"][label].translate(_MARKS)
        tally = exact.setdefault(truth["mode"], [0, 0])
        tally[0] += right
        tally[1] += len(SHORT)
        print(f"{name:32} {right}/{len(SHORT)}  {seconds[-1]:.2f} CPU s  {time.monotonic() - started:.2f} s")
    print("short fields exact: " + ", ".join(f"{mode} {right} of {all_}" for mode, (right, all_) in exact.items()) + f"; long {long_right} of {long_all}")
    print(f"sure: {sure}, of which wrong {len(sure_wrong)}; right but doubtful {doubtful_right}")
    for each in sure_wrong:
        print("    SURE AND WRONG", *each)
    print(f"CPU seconds a page: mean {sum(seconds) / len(seconds):.2f}, most {max(seconds):.2f}")
    return 0


_MARKS = str.maketrans({"，": ",", "；": ";", "：": ":", "（": "(", "）": ")"})

if __name__ == "__main__":
    sys.exit(main())
