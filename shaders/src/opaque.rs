//! Float algebra that compilers may not rewrite, where NoContraction can't be said: the bits of every result of an addition,
//! subtraction, product, quotient or negation pass through an exclusive or with a zero that is known at run time only; so do
//! those of what is subtracted and divided by.
//!
//! A compiler that does not know the zero does not know the result, and has nothing to rewrite. The module is rewritten in
//! naga's own form; the zero is what the module's function `run_time_zero` loads.

use naga::valid::{FunctionInfo, ModuleInfo};
use naga::{
    Arena, BinaryOperator, Block, Expression, Function, GlobalVariable, Handle, Module, Range, ScalarKind,
    Span, Statement, TypeInner, UnaryOperator, VectorSize,
};

/// Rewrites every function, the entry points only if `entry_points` says so.
///
/// # Errors
/// No function `run_time_zero`, or something that no kernel of this crate has.
pub fn rewrite(module: &mut Module, info: &ModuleInfo, entry_points: bool) -> Result<(), String> {
    let zero = module.functions.iter().find_map(|(_, function)| {
        let named = function.name.as_deref() == Some("run_time_zero");
        let mut globals = function.expressions.iter().filter_map(|(_, e)| match e {
            Expression::GlobalVariable(global) => Some(*global),
            _ => None,
        });
        if named { globals.next() } else { None }
    });
    let Some(zero) = zero else { return Err("it has no function `run_time_zero`".to_owned()) };
    let types = module.types.clone();
    let float = |info: &FunctionInfo, handle: Handle<Expression>| match *info[handle].ty.inner_with(&types) {
        TypeInner::Scalar(s) if s.kind == ScalarKind::Float => Some((None, s.width)),
        TypeInner::Vector { size, scalar } if scalar.kind == ScalarKind::Float => {
            Some((Some(size), scalar.width))
        }
        _ => None,
    };
    for (handle, function) in module.functions.iter_mut() {
        let info = &info[handle];
        *function = rewritten(function, zero, |handle| float(info, handle))?;
    }
    for (number, entry) in module.entry_points.iter_mut().enumerate().filter(|_| entry_points) {
        let info = info.get_entry_point(number);
        entry.function = rewritten(&entry.function, zero, |handle| float(info, handle))?;
    }
    Ok(())
}

/// The new place of each expression of a function: all that it became, of which the last has its value.
struct Places(Vec<(Handle<Expression>, Handle<Expression>)>);

impl Places {
    fn value(&self, old: Handle<Expression>) -> Handle<Expression> {
        self.0[old.index()].1
    }

    fn optional(&self, old: Option<Handle<Expression>>) -> Option<Handle<Expression>> {
        old.map(|old| self.value(old))
    }

    fn all(&self, old: &[Handle<Expression>]) -> Vec<Handle<Expression>> {
        old.iter().map(|&old| self.value(old)).collect()
    }
}

fn rewritten(
    old: &Function,
    zero: Handle<GlobalVariable>,
    float: impl Fn(Handle<Expression>) -> Option<(Option<VectorSize>, u8)>,
) -> Result<Function, String> {
    let arithmetic = |handle, expression: &Expression| match expression {
        Expression::Unary { op: UnaryOperator::Negate, .. } => float(handle),
        Expression::Binary {
            op:
                BinaryOperator::Add
                | BinaryOperator::Subtract
                | BinaryOperator::Multiply
                | BinaryOperator::Divide
                | BinaryOperator::Modulo,
            ..
        } => float(handle),
        _ => None,
    };
    if !old.expressions.iter().any(|(handle, expression)| arithmetic(handle, expression).is_some()) {
        return Ok(old.clone());
    }
    let mut new = Arena::new();
    let none = Span::UNDEFINED;
    let global = new.append(Expression::GlobalVariable(zero), none);
    let pointer = new.append(Expression::AccessIndex { base: global, index: 0 }, none);
    let zero = new.append(Expression::Load { pointer }, none);
    let load = Statement::Emit(Range::new_from_bounds(pointer, zero));
    let mut places = Places(Vec::new());
    for (handle, expression) in old.expressions.iter() {
        let span = old.expressions.get_span(handle);
        let mut expression = moved(expression, &places)?;
        let mut first = None;
        // What is taken from itself, or divided by itself, must not be seen to be.
        if let (
            Expression::Binary { op: BinaryOperator::Subtract | BinaryOperator::Divide, right, .. },
            Expression::Binary { right: old_right, .. },
        ) = (&mut expression, &old.expressions[handle])
            && let Some(shape) = float(*old_right)
        {
            let (begin, hidden) = hide(*right, zero, shape, span, &mut new);
            (first, *right) = (Some(begin), hidden);
        }
        let value = new.append(expression, span);
        let first = first.unwrap_or(value);
        let last = match arithmetic(handle, &old.expressions[handle]) {
            Some(shape) => hide(value, zero, shape, span, &mut new).1,
            None => value,
        };
        places.0.push((first, last));
    }
    let mut function = old.clone();
    function.expressions = new;
    for (_, variable) in function.local_variables.iter_mut() {
        variable.init = places.optional(variable.init);
    }
    let named = old.named_expressions.iter();
    function.named_expressions = named.map(|(&old, name)| (places.value(old), name.clone())).collect();
    let mut body = Block::new();
    body.push(load, none);
    for (statement, span) in old.body.span_iter() {
        body.push(placed(statement, &places)?, *span);
    }
    function.body = body;
    Ok(function)
}

/// Appends the exclusive or of a value's bits with zero: the first expression of that, and its result.
fn hide(
    value: Handle<Expression>,
    zero: Handle<Expression>,
    (size, width): (Option<VectorSize>, u8),
    span: Span,
    new: &mut Arena<Expression>,
) -> (Handle<Expression>, Handle<Expression>) {
    let left = new.append(Expression::As { expr: value, kind: ScalarKind::Uint, convert: None }, span);
    let mut right = zero;
    if width == 8 {
        right = new.append(Expression::As { expr: zero, kind: ScalarKind::Uint, convert: Some(8) }, span);
    }
    if let Some(size) = size {
        right = new.append(Expression::Splat { size, value: right }, span);
    }
    let same = Expression::Binary { op: BinaryOperator::ExclusiveOr, left, right };
    let expr = new.append(same, span);
    (left, new.append(Expression::As { expr, kind: ScalarKind::Float, convert: None }, span))
}

fn unknown(what: impl std::fmt::Debug) -> String {
    format!("no kernel of this crate has {what:?}")
}

/// The expression over the new places of its operands.
fn moved(expression: &Expression, places: &Places) -> Result<Expression, String> {
    let at = |handle: Handle<Expression>| places.value(handle);
    Ok(match expression.clone() {
        same @ (Expression::Literal(_)
        | Expression::Constant(_)
        | Expression::ZeroValue(_)
        | Expression::FunctionArgument(_)
        | Expression::GlobalVariable(_)
        | Expression::LocalVariable(_)
        | Expression::CallResult(_)
        | Expression::AtomicResult { .. }
        | Expression::WorkGroupUniformLoadResult { .. }
        | Expression::SubgroupOperationResult { .. }) => same,
        Expression::Compose { ty, components } => {
            Expression::Compose { ty, components: places.all(&components) }
        }
        Expression::Access { base, index } => Expression::Access { base: at(base), index: at(index) },
        Expression::AccessIndex { base, index } => Expression::AccessIndex { base: at(base), index },
        Expression::Splat { size, value } => Expression::Splat { size, value: at(value) },
        Expression::Swizzle { size, vector, pattern } => {
            Expression::Swizzle { size, vector: at(vector), pattern }
        }
        Expression::Load { pointer } => Expression::Load { pointer: at(pointer) },
        Expression::Unary { op, expr } => Expression::Unary { op, expr: at(expr) },
        Expression::Binary { op, left, right } => Expression::Binary { op, left: at(left), right: at(right) },
        Expression::Select { condition, accept, reject } => {
            Expression::Select { condition: at(condition), accept: at(accept), reject: at(reject) }
        }
        Expression::Relational { fun, argument } => Expression::Relational { fun, argument: at(argument) },
        Expression::Math { fun, arg, arg1, arg2, arg3 } => Expression::Math {
            fun,
            arg: at(arg),
            arg1: places.optional(arg1),
            arg2: places.optional(arg2),
            arg3: places.optional(arg3),
        },
        Expression::As { expr, kind, convert } => Expression::As { expr: at(expr), kind, convert },
        Expression::ArrayLength(array) => Expression::ArrayLength(at(array)),
        other => return Err(unknown(other)),
    })
}

fn block(old: &Block, places: &Places) -> Result<Block, String> {
    let mut new = Block::new();
    for (statement, span) in old.span_iter() {
        new.push(placed(statement, places)?, *span);
    }
    Ok(new)
}

/// The statement over the new places of its expressions.
fn placed(statement: &Statement, places: &Places) -> Result<Statement, String> {
    let at = |handle: Handle<Expression>| places.value(handle);
    Ok(match statement.clone() {
        same @ (Statement::Break
        | Statement::Continue
        | Statement::Kill
        | Statement::ControlBarrier(_)
        | Statement::MemoryBarrier(_)) => same,
        Statement::Emit(range) => match range.first_and_last() {
            Some((first, last)) => {
                Statement::Emit(Range::new_from_bounds(places.0[first.index()].0, places.0[last.index()].1))
            }
            None => Statement::Emit(range),
        },
        Statement::Block(body) => Statement::Block(block(&body, places)?),
        Statement::If { condition, accept, reject } => Statement::If {
            condition: at(condition),
            accept: block(&accept, places)?,
            reject: block(&reject, places)?,
        },
        Statement::Switch { selector, mut cases } => {
            for case in &mut cases {
                case.body = block(&case.body, places)?;
            }
            Statement::Switch { selector: at(selector), cases }
        }
        Statement::Loop { body, continuing, break_if } => Statement::Loop {
            body: block(&body, places)?,
            continuing: block(&continuing, places)?,
            break_if: places.optional(break_if),
        },
        Statement::Return { value } => Statement::Return { value: places.optional(value) },
        Statement::Store { pointer, value } => Statement::Store { pointer: at(pointer), value: at(value) },
        Statement::WorkGroupUniformLoad { pointer, result } => {
            Statement::WorkGroupUniformLoad { pointer: at(pointer), result: at(result) }
        }
        Statement::Call { function, arguments, result } => {
            Statement::Call { function, arguments: places.all(&arguments), result: places.optional(result) }
        }
        other => return Err(unknown(other)),
    })
}
