"""What of a mail was not read, in the sentences that its sender gets: each says what, and what to do instead."""

from __future__ import annotations

from parsers import Limits, Message

TOO_LARGE = "信太大,只保留了信头;请拆成几封小的重发,或把大文件放到共享盘,信里写明位置"
_SAYS = {
    "encrypted": "信是加密的(S/MIME 或 PGP),这里解不开;请不加密重发",
    "bad-tnef": "附件《winmail.dat》(Outlook 的专用格式)打不开,里面的文件没有读取;请在 Outlook 里把信改为 HTML 或纯文本格式后重发",
    "too-deep": "信里一层套一层的转发太多,里面的没有读取;请只转发需要的那一封,或把文件直接作为附件",
    "too-many-parts": f"信里的附件太多,只读了前 {Limits().parts} 个;请分几封发",
    "too-long": "正文太长,后面的没有读取;请把长的内容放在附件里",
}


def unread(message: Message) -> list[str]:
    """By what the reader noted (`Message.problems`); of what it read all the same nobody needs to hear."""
    return [_SAYS[code] for code in dict.fromkeys(problem.code for problem in message.problems) if code in _SAYS]
