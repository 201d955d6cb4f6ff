"""取数: each word of the language that fetches a value, and the function that does; text, '' where there is none. What may be written: process/lookups.py."""

from __future__ import annotations

from collections.abc import Callable

from . import other_cases, people, plain, tables

SOURCES: dict[str, Callable[..., str]] = {
    "期日": plain.days_from,
    "起止": plain.end_of_period,
    "到时": plain.moment_after,
    "头一个": plain.first_left,
    "所指": plain.meant,
    "时段": plain.in_office_hours,
    "缺项": plain.gaps,
    "期间": plain.period,
    "先有": plain.first_filled,
    "加减": plain.arithmetic,
    "项目": people.from_project,
    "未到": people.not_written_to,
    "当班": people.on_duty,
    "收件": people.missing_recipient,
    "收件人": people.recipients,
    "外部收件": people.outside,
    "在职": people.still_here,
    "岗位": people.holders,
    "名单": people.people_meant,
    "客户项目": people.projects_of_customer,
    "单": other_cases.from_cases,
    "单号": other_cases.number_of_case,
    "单数": other_cases.count_cases,
    "单值": other_cases.values_of_cases,
    "文件": other_cases.from_documents,
    "子单": other_cases.from_children,
    "历史": other_cases.from_history,
    "父单": other_cases.from_parent,
    "未办": other_cases.not_done,
    "有单": other_cases.numbers_in_month,
    "台账": tables.from_register,
    "决策表": tables.from_table,
    "判定": tables.by_judgement,
    "余额": tables.left_over,
    "不一致": tables.differing,
    "取定": tables.from_settings,
    "主数据": tables.from_master,
    "档次": tables.thresholds_ahead,
    "约定": tables.from_contract,
}
