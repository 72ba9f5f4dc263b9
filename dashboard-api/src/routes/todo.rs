//! `/todo`: what waits, for the one who asks, for his organisations, and what he follows. Counts and lists are one look at
//! one state, and every count is the length of the list that it stands beside.

use axum::Json;
use axum::extract::State;
use identity::{Grant, Need, Person, Scope};
use model::catalogue::Orgs;
use workflow::supervision::Wait;

use super::orders::desk;
use crate::access::Access;
use crate::dto::{Followed, Refusals, Todo, TodoItem, TodoList};
use crate::error::Problem;
use crate::params::Params;
use crate::params::declared::TodoParams;
use crate::state::ApiState;

/// 我的待办, 本单位待办, 重点关注: each with its count and its first rows.
///
/// `mine` is what the asker may do himself, `unit` all that waits for anybody in the organisations that he covers, `followed`
/// what he follows. The most urgent stand first.
#[utoipa::path(
    get,
    path = "/api/v1/todo",
    operation_id = "readTodo",
    tag = "orders",
    params(TodoParams),
    responses((status = 200, body = Todo), Refusals)
)]
pub(super) async fn read(
    State(state): State<ApiState>,
    access: Access,
    params: Params<TodoParams>,
) -> Result<Json<Todo>, Problem> {
    let orders = desk(&state)?;
    access.scope(Need::Todo)?;
    let limit = params.limit()? as usize;
    // A role without orders, or without rules, has none of them to see.
    let of = |need| access.scope(need).unwrap_or_default();
    let (seats, rules, things) = (of(Need::Orders), of(Need::Rules), of(Need::Alarms));
    let now = (orders.clock)();
    let person = access.person();
    let todo = orders.look(|view| {
        let supervision = view.machine.supervision();
        let waits = view.machine.waits(now);
        let item = |wait: &&Wait| TodoItem::new(wait, supervision, now);
        let mine =
            waits.iter().filter(|wait| person.is_some_and(|(person, orgs)| is_mine(wait, person, orgs)));
        let unit = waits.iter().filter(|wait| covers(wait, &seats, &rules));
        let follows = person.into_iter().flat_map(|(person, _)| supervision.follows(&person.id));
        let seen = follows.filter(|(_, follow)| things.covers(&follow.place.org, &follow.place.region));
        let followed = seen.map(|(thing, follow)| Followed::new(thing, follow, supervision));
        Todo {
            at: crate::dto::Time(now.0),
            entries: view.entries,
            mine: TodoList::new(mine.collect::<Vec<_>>().iter().map(item), limit),
            unit: TodoList::new(unit.collect::<Vec<_>>().iter().map(item), limit),
            followed: TodoList::new(followed, limit),
        }
    })?;
    Ok(Json(todo))
}

/// Whether he may do it: in one of his roles, for an organisation that this very role covers.
fn is_mine(wait: &Wait, person: &Person, orgs: &Orgs) -> bool {
    let acts = |grant: &Grant| wait.is_for(grant.role, &person.id) && grant.covers_org(&wait.org, orgs);
    person.grants.iter().any(acts)
}

fn covers(wait: &Wait, orders: &Scope, rules: &Scope) -> bool {
    let scope = if wait.what.is_of_rules() { rules } else { orders };
    scope.covers_seat(&wait.org)
}
