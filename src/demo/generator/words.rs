//! Names and titles of a city that does not exist.

use super::random::Random;

const SURNAMES: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭", "何",
    "高", "林", "罗", "郑", "梁", "谢", "宋", "唐", "许", "韩", "冯", "邓", "曹", "彭", "曾", "肖", "田",
    "董", "袁", "潘", "于", "蒋", "欧阳",
];
const GIVEN: &[&str] = &[
    "建国", "秀英", "伟", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超",
    "秀兰", "霞", "平", "刚", "桂英", "子涵", "浩宇", "欣怡", "雨桐", "思远", "佳怡", "志强", "海燕", "春梅",
    "国庆",
];
const PLACES: &[&str] = &[
    "东湖区",
    "西山区",
    "云溪路",
    "滨江大道",
    "南门街",
    "长乐巷",
    "青松里",
    "望湖路",
    "解放路",
    "学府街",
    "新桥镇",
    "柳林镇",
];
const TRADES: &[&str] = &[
    "鲜果店",
    "小吃店",
    "便利店",
    "餐饮管理有限公司",
    "食品有限公司",
    "美容美发店",
    "汽车维修部",
    "建材有限公司",
    "印染有限公司",
    "机械制造有限公司",
    "宾馆",
    "茶餐厅",
    "五金店",
    "化工有限公司",
];
const FIRMS: &[&str] =
    &["鑫源", "福满", "德信", "云泽", "瑞丰", "同心", "悦来", "宏达", "金穗", "永兴", "百味", "佳和"];
const REASONS: &[&str] = &[
    "事实清楚，证据确凿",
    "符合法定条件、标准",
    "经集体讨论决定",
    "根据调查结果和裁量基准",
    "材料齐全，符合规定",
];
const CHANNELS: &[&str] = &["窗口", "网上", "移动端", "巡查发现", "群众举报", "12345 热线"];

pub(super) fn person(random: &mut Random) -> String {
    format!("{}{}", random.pick(SURNAMES), random.pick(GIVEN))
}

pub(super) fn business(random: &mut Random) -> String {
    format!("{}{}{}", random.pick(PLACES), random.pick(FIRMS), random.pick(TRADES))
}

pub(super) fn place(random: &mut Random) -> &'static str {
    random.pick::<&str>(PLACES)
}

pub(super) fn reason(random: &mut Random) -> &'static str {
    random.pick::<&str>(REASONS)
}

pub(super) fn channel(random: &mut Random) -> &'static str {
    random.pick::<&str>(CHANNELS)
}

/// What a piece of evidence is called.
pub(super) fn piece(kind: &str, number: usize) -> String {
    let (name, ending) = match kind {
        "photo" => ("现场照片", "jpg"),
        "video" => ("执法记录仪视频", "mp4"),
        "audio" => ("询问录音", "m4a"),
        _ => ("笔录与文书", "pdf"),
    };
    format!("{name}{number}.{ending}")
}
