//! 决定依据: the deck's slide 29, a required text field that the form does not have.

use super::Lint;
use crate::catalogue::{ProblemCode, Rule, both};

/// Only where the step says which fields its form has.
pub(super) fn check(lint: &mut Lint<'_>) {
    for (i, point) in lint.item.points.iter().enumerate() {
        let Rule::DecisionBasis { step, required_fields, .. } = &point.rule else { continue };
        let Some(form) = &lint.item.steps[*step].form else { continue };
        let absent = required_fields.iter().enumerate().filter(|(_, field)| !form.contains(field));
        for (k, field) in absent {
            let (id, fields) = (lint.step_id(*step), form.join(", "));
            let message = both!(
                "环节“{id}”的表单没有文本域“{field}”，无从填写，每次都会报 blank_field：表单有 {fields}；请更正名称，或在表单中增加",
                "the form of \"{id}\" has no field \"{field}\", so nobody can fill it in and every case is a blank_field; it has: {fields}. Correct the name, or add the field to the form"
            );
            lint.note(&format!("points[{i}].required_fields[{k}]"), ProblemCode::FieldNotOnForm, message);
        }
    }
}
