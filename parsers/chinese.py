"""What is particular to Chinese text: traditional to simplified characters, surnames, titles after names, width and dashes."""

from __future__ import annotations

import re
import unicodedata

# Characters of business mail and of names, simplified after traditional. Those with one simplified form only: no guess is made.
_PAIRS = """
個个 們们 來来 時时 說说 國国 過过 對对 會会 為为 這这 後后 學学 發发 開开 經经 現现 進进 樣样 動动 當当 長长 還还 無无 業业 從从 關关 點点 問问 員员
機机 電电 話话 實实 務务 種种 兩两 體体 應应 與与 產产 給给 門门 東东 車车 間间 題题 戰战 報报 設设 計计 論论 見见 氣气 處处 變变 馬马 辦办 質质 資资 運运
軍军 風风 極极 術术 統统 總总 級级 書书 約约 華华 結结 權权 決决 條条 轉转 團团 達达 組组 記记 認认 區区 連连 濟济 選选 邊边 陽阳 線线 項项 類类 強强 飛飞
廣广 傳传 標标 領领 許许 養养 義义 導导 爾尔 難难 確确 備备 勞劳 識识 則则 場场 單单 語语 愛爱 試试 觀观 證证 議议 據据 農农 視视 適适 際际 復复 調调 極极
覺觉 屬属 續续 財财 圖图 師师 濱滨 網网 戶户 溝沟 訴诉 請请 謝谢 謂谓 維维 護护 修修 責责 稱称 稅税 簽签 簡简 管管 範范 節节 築筑 糾纠 紀纪 紅红 納纳 純纯
級级 細细 終终 絡络 統统 絕绝 緊紧 編编 緩缓 練练 縣县 織织 繼继 續续 罰罚 罷罢 聯联 聲声 職职 聽听 腦脑 腳脚 臉脸 臨临 興兴 舉举 舊旧 艦舰 藝艺 藥药 蘇苏
蘭兰 號号 虛虚 裝装 裡里 補补 製制 規规 覽览 觸触 訂订 訊讯 討讨 訓训 託托 訪访 評评 詞词 詢询 詳详 誤误 課课 誰谁 諮咨 諾诺 講讲 譯译 讀读 讓让 豐丰 貝贝
負负 貨货 販贩 貴贵 買买 費费 貿贸 賀贺 賃赁 賓宾 賠赔 賣卖 賬账 購购 贈赠 趙赵 趕赶 跡迹 踐践 躍跃 軟软 較较 載载 輕轻 輛辆 輪轮 輯辑 輸输 辭辞 遊游 違违
遞递 遠远 遲迟 遷迁 郵邮 鄉乡 鄧邓 鄭郑 鄰邻 醫医 釋释 針针 鈴铃 銀银 銅铜 銷销 錄录 錢钱 錯错 鍵键 鎖锁 鎮镇 鏈链 鐘钟 鐵铁 閉闭 閱阅 闆板 隊队 階阶 隨随
險险 雙双 雜杂 離离 雲云 靈灵 靜静 響响 頁页 頂顶 順顺 須须 預预 頓顿 頻频 願愿 顧顾 顯显 飯饭 飲饮 館馆 駐驻 驗验 驟骤 體体 魚鱼 鮮鲜 鳥鸟 麗丽 黃黄 齊齐
齡龄 龍龙 龐庞 張张 陳陈 劉刘 楊杨 吳吴 孫孙 羅罗 韓韩 馮冯 蔣蒋 葉叶 盧卢 譚谭 陸陆 賈贾 韋韦 鄒邹 閆闫 賴赖 龔龚 萬万 嚴严 偉伟 傑杰 寶宝 慶庆 勝胜 靈灵
鋒锋 瑋玮 瓊琼 穎颖 紹绍 綺绮 緯纬 軒轩 銘铭 鑫鑫 陽阳 韻韵 鳳凤 鵬鹏 麗丽 俠侠 倫伦 億亿 優优 價价 儀仪 儲储 兒儿 內内 冊册 凍冻 凱凯 別别 刪删 劃划 劇剧
創创 劑剂 勁劲 務务 勵励 勢势 匯汇 協协 單单 厭厌 參参 吳吴 啟启 喪丧 喬乔 嗎吗 嘗尝 嚇吓 園园 圍围 圓圆 報报 場场 塊块 墊垫 壓压 壞坏 壩坝 夠够 夢梦 奪夺
奮奋 婦妇 媽妈 孫孙 寧宁 審审 寫写 寬宽 寢寝 實实 尋寻 將将 專专 層层 屆届 崗岗 島岛 嶺岭 帥帅 帳帐 幣币 幫帮 幾几 庫库 廠厂 廢废 廳厅 張张 彈弹 彙汇 徑径
從从 徹彻 恆恒 惡恶 惱恼 愉愉 態态 慣惯 慮虑 憑凭 憶忆 懇恳 應应 戲戏 戶户 掃扫 掛挂 採采 換换 揚扬 損损 搖摇 擁拥 擇择 擊击 擔担 據据 擬拟 擴扩 攝摄 敗败
敵敌 數数 斷断 於于 昇升 晉晋 曉晓 暫暂 曆历 歷历 會会 東东 條条 極极 構构 槍枪 樂乐 樓楼 標标 樹树 橋桥 檔档 檢检 權权 欄栏 歡欢 歲岁 殘残 殺杀 毀毁 氣气
決决 沒没 況况 洩泄 淚泪 淺浅 減减 測测 渾浑 湊凑 湯汤 準准 溫温 滅灭 滿满 漁渔 漢汉 漲涨 漸渐 潔洁 潛潜 澤泽 濃浓 濟济 灣湾 灘滩 災灾 烏乌 煙烟 煩烦 熱热
營营 爐炉 爭争 牆墙 獎奖 獨独 獲获 環环 產产 畢毕 畫画 異异 當当 療疗 發发 盜盗 監监 盤盘 眾众 睜睁 礎础 確确 碼码 礙碍 禮礼 禪禅 積积 穩稳 窮穷 競竞 筆笔
簿簿 籌筹 籤签 糧粮 紙纸 級级 紛纷 紹绍 組组 絲丝 經经 綜综 綠绿 維维 網网 緒绪 緣缘 縮缩 縱纵 績绩 繁繁 繪绘 繳缴 纜缆 罵骂 羅罗 習习 聖圣 聞闻 肅肃 腸肠
膠胶 臺台 艱艰 荊荆 莊庄 蓋盖 薦荐 薩萨 蘋苹 處处 蟲虫 衛卫 衝冲 裏里 複复 襲袭 規规 視视 親亲 計计 訃讣 記记 許许 設设 訴诉 診诊 詐诈 試试 該该 誌志 誠诚
誼谊 談谈 論论 諸诸 謀谋 謙谦 證证 議议 譽誉 變变 豬猪 貓猫 財财 責责 貫贯 貸贷 賞赏 賢贤 質质 賺赚 贏赢 趨趋 跡迹 車车 軌轨 軍军 軸轴 輔辅 輝辉 轄辖 轟轰
辦办 農农 迴回 這这 連连 週周 進进 運运 過过 達达 適适 選选 遺遗 邏逻 郵邮 鄉乡 醜丑 針针 鈔钞 鉛铅 鋁铝 鋪铺 鋼钢 錦锦 鍋锅 鏡镜 鑄铸 鑒鉴 鑰钥 長长 門门
閃闪 開开 閒闲 間间 閘闸 閣阁 闊阔 關关 陣阵 陰阴 陳陈 陸陆 際际 隱隐 雖虽 雞鸡 電电 霧雾 靂雳 頒颁 頭头 額额 題题 顏颜 類类 飄飘 飾饰 餐餐 餘余 馳驰 駕驾
騎骑 騙骗 驅驱 驚惊 鬆松 鬧闹 鮑鲍 鯨鲸 鴻鸿 麥麦 點点 黨党 齒齿 遞递 覆复 回回 檔档 軟软 貼贴 鐘钟 櫃柜 闢辟 纖纤 鏽锈 嗎吗 唄呗 歸归 巖岩 攔拦 撥拨 撤撤
擋挡 擠挤 攜携 晝昼 暢畅 棄弃 棟栋 椏桠 樁桩 櫥橱 殼壳 毆殴 滾滚 滯滞 濾滤 瀏浏 灑洒 爺爷 狀状 猶犹 瑣琐 疊叠 癥症 皚皑 盡尽 礦矿 竄窜 筆笔 節节 簾帘 糾纠
""".split()
_SIMPLIFIED = str.maketrans({pair[0]: pair[1] for pair in _PAIRS if len(pair) == 2 and pair[0] != pair[1]})

SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺"
    "顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕"
    "屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门云容敬来扈晁芮都普阙浦戈伏鹿薄邸雍辜羊阿乌母裘亓修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛宾戎勾茅利於呼居揭干但尉冶斯元束檀衣信展阴昝智幸奉植衡富尧闭由"
)
_COMPOUND = ("欧阳", "司马", "上官", "诸葛", "司徒", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "端木", "夏侯", "长孙", "宇文", "轩辕")
_TITLE = re.compile(
    r"(?:(?:高级|资深|助理|副|总|部门|项目|技术|销售|售前|售后|客户)*(?:工程师|经理|总监|主管|主任|专员|顾问|助理|处长|科长|局长|部长|院长|所长|总裁|董事长|总经理|老师|教授|博士|先生|女士|小姐|同志|同学|师傅)|总工|总|工|经理|博士|处|科|老师)$"
)
_ZERO_WIDTH = re.compile(r"[\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\u00ad\ufe0e\ufe0f]")
_DASHES = re.compile(r"\s*[-－—–―﹣﹘‐‑‒−─━\u2e3a\u2e3b]+(?:\s*[-－—–―﹣﹘‐‑‒−─━\u2e3a\u2e3b]+)*\s*")


def simplified(text: str) -> str:
    """Traditional characters as simplified ones, as far as there is no choice."""
    return text.translate(_SIMPLIFIED)


def plain(text: str) -> str:
    """NFKC without characters that cannot be seen (RULEBOOK §0.4)."""
    if text.isascii():
        return text
    return _ZERO_WIDTH.sub("", unicodedata.normalize("NFKC", _ZERO_WIDTH.sub("", text)))


def one_dash(text: str) -> str:
    """Every run of dashes, of whatever width, as one `-` without blanks beside it (RULEBOOK §0.4)."""
    return _DASHES.sub("-", text)


def without_title(name: str) -> str:
    """张三工程师 → 张三. A name of which nothing would be left (李工 → 李) stays whole unless a surname of two characters remains."""
    name = name.strip()
    match = _TITLE.search(name)
    if match and len(name[: match.start()].strip()) >= 2:
        return name[: match.start()].strip()
    return name


def looks_like_name(text: str) -> bool:
    """A Chinese personal name of two to four characters, with or without a title."""
    name = without_title(simplified(text))
    if not re.fullmatch(r"[\u3400-\u9fff]{2,4}", name):
        return False
    return name.startswith(_COMPOUND) if len(name) == 4 else name[0] in SURNAMES or name.startswith(_COMPOUND)
