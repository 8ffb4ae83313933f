//! The public interface of each crate, as `tests/api/<crate>.snap` has it: what a user of the crate can name, without
//! bodies, comments and private items. A change of it is seen in review as a change of that file:
//!
//! ```sh
//! INSTA_UPDATE=always cargo test --test integration public_api      # writes the files anew
//! ```
//!
//! It is read from the source, not from the compiler. Items that macros make, and implementations by macros other than
//! `derive`, are not in it.

#![expect(clippy::wildcard_enum_match_arm, reason = "most of what Rust has no interface has")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use quote::ToTokens as _;
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Fields, ImplItem, Item, ItemImpl, TraitItem, Type, UseTree, Visibility, parse_quote,
};

/// A module, by the names on the way to it; the root has none.
type Module = Vec<String>;

/// Where an item is defined.
type Place = (Module, String);

#[test]
fn the_public_interface_is_the_one_that_is_written_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates = std::fs::read_dir(root.join("crates")).unwrap();
    let mut sources: BTreeMap<String, PathBuf> = crates
        .map(|entry| entry.unwrap())
        .filter(|entry| {
            let manifest = std::fs::read_to_string(entry.path().join("Cargo.toml")).unwrap();
            !manifest.contains("publish = false")
        })
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path().join("src")))
        .collect();
    sources.insert("maitred".to_owned(), root.join("src"));
    insta::with_settings!({
        snapshot_path => "../api", prepend_module_to_snapshot => false, omit_expression => true
    }, {
        for (name, source) in sources {
            insta::assert_snapshot!(name, Crate::read(&source).interface());
        }
    });
}

#[test]
fn what_can_be_named_is_shown_where_it_can_be_named() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("lib.rs", "mod a;\npub mod b;\npub use a::{A, t::T};\npub use std::mem::swap;\n");
    std::fs::create_dir(folder.path().join("a")).unwrap();
    write("a.rs", "mod t;\n/// Text.\npub struct A { pub x: u8, y: u8 }\npub struct Hidden;\n");
    write(
        "a/t.rs",
        "use super::A;\npub trait T { fn f(&self) { g() } }\nimpl T for A {}\nfn g() {}",
    );
    let b = "use crate::A;\nimpl A { pub fn new() -> Self { todo!() }\nfn own() {} }\n\
             #[non_exhaustive]\n#[derive(Clone)]\npub enum B { One(u8) }\npub(crate) fn no() {}\n";
    write("b.rs", b);
    let expected = "pub use std::mem::swap;\n\
        pub struct A {\n    pub x: u8,\n    private: _,\n}\n\
        impl A {\n    pub fn new() -> Self {}\n}\n\
        impl T for A {}\n\
        pub trait T {\n    fn f(&self) {}\n}\n\
        pub mod b {\n    #[non_exhaustive]\n    #[derive(Clone)]\n    pub enum B {\n        One(u8),\n    }\n}\n";
    assert_eq!(Crate::read(folder.path()).interface(), expected);
}

/// A crate as its files have it.
#[derive(Default)]
struct Crate {
    modules: BTreeMap<Module, Vec<Item>>,
    /// The modules that a user can name.
    public: BTreeSet<Module>,
    /// What `use` brings into a module: the path of each name.
    imports: BTreeMap<Module, BTreeMap<String, Vec<String>>>,
}

impl Crate {
    fn read(source: &Path) -> Self {
        let mut read = Self::default();
        read.read_module(source, Vec::new(), true);
        read
    }

    fn read_module(&mut self, source: &Path, module: Module, is_public: bool) {
        let path = module.iter().fold(source.to_owned(), |path, name| path.join(name));
        let path = if module.is_empty() { path.join("lib.rs") } else { path.with_extension("rs") };
        let text = std::fs::read_to_string(&path).unwrap();
        let file = syn::parse_file(&text).unwrap_or_else(|bad| panic!("{}: {bad}", path.display()));
        self.add_module(source, module, is_public, file.items);
    }

    fn add_module(&mut self, source: &Path, module: Module, is_public: bool, items: Vec<Item>) {
        for item in &items {
            if let Item::Mod(child) = item
                && !is_test(&child.attrs)
            {
                let inner = [&module[..], &[child.ident.to_string()]].concat();
                let is_public = is_public && is_pub(&child.vis);
                match &child.content {
                    Some((_, items)) => self.add_module(source, inner, is_public, items.clone()),
                    None => self.read_module(source, inner, is_public),
                }
            }
        }
        let leaves = items.iter().filter_map(|item| match item {
            Item::Use(import) => Some(leaves(&import.tree)),
            _ => None,
        });
        self.imports.insert(module.clone(), leaves.flatten().collect());
        if is_public {
            self.public.insert(module.clone());
        }
        self.modules.insert(module, items);
    }

    /// Where what `path` means in `module` is defined; `None` for what is of another crate.
    fn place(&self, module: &[String], path: &[String]) -> Option<Place> {
        let (mut module, mut path) = (module.to_vec(), path);
        loop {
            match path.first()?.as_str() {
                "crate" => module.clear(),
                "super" => drop(module.pop()),
                "self" => {}
                _ => break,
            }
            path = &path[1..];
        }
        let (first, rest) = path.split_first()?;
        let imported = self.imports[&module].get(first).filter(|to| to[0] != *first);
        let inner = [&module[..], std::slice::from_ref(first)].concat();
        if rest.is_empty() && self.modules[&module].iter().any(|item| name_of(item) == *first) {
            Some((module, first.clone()))
        } else if !rest.is_empty() && self.modules.contains_key(&inner) {
            self.place(&inner, rest)
        } else {
            self.place(&module, &[imported?, rest].concat())
        }
    }

    /// What a user can name, as a file that holds declarations.
    fn interface(&self) -> String {
        let items = self.shown(&Vec::new());
        prettyplease::unparse(&syn::File { shebang: None, attrs: Vec::new(), items })
    }

    /// The public items of a module: re-exports first, then by name, each with what is implemented for it.
    fn shown(&self, module: &Module) -> Vec<Item> {
        let mut shown: BTreeMap<String, Vec<Item>> = BTreeMap::new();
        for item in &self.modules[module] {
            let name = name_of(item);
            match item {
                Item::Mod(child) if is_pub(&child.vis) => {
                    let items = self.shown(&[&module[..], std::slice::from_ref(&name)].concat());
                    let (attrs, ident) = (kept(&child.attrs), &child.ident);
                    shown
                        .entry(name)
                        .or_default()
                        .push(parse_quote!(#(#attrs)* pub mod #ident { #(#items)* }));
                }
                Item::Use(import) if is_pub(&import.vis) => {
                    let attrs = kept(&import.attrs);
                    for (name, path) in leaves(&import.tree) {
                        let (key, items) = self.re_exported(module, &name, &path, &attrs);
                        shown.entry(key).or_default().extend(items);
                    }
                }
                _ => {
                    let items = self.declared(&(module.clone(), name.clone()), item);
                    shown.entry(name).or_default().extend(items);
                }
            }
        }
        shown.into_values().flatten().collect()
    }

    /// What `pub use` shows: the items themselves where they have no other public place.
    fn re_exported(
        &self,
        module: &Module,
        name: &str,
        path: &[String],
        attrs: &[Attribute],
    ) -> (String, Vec<Item>) {
        if name == "*"
            && let Some(inner) = self.place(module, &path[..path.len() - 1])
            && let inner = [&inner.0[..], &[inner.1]].concat()
            && !self.public.contains(&inner)
        {
            return (String::new(), self.shown(&inner));
        }
        if let Some(place) = self.place(module, path)
            && !self.public.contains(&place.0)
            && place.1 == name
        {
            let items = self.modules[&place.0].iter().filter(|item| name_of(item) == name);
            let items = items.flat_map(|item| self.declared(&place, item));
            return (name.to_owned(), items.collect());
        }
        let text = path.join("::");
        let last = path.last().map(String::as_str);
        let text = if last == Some(name) { text } else { format!("{text} as {name}") };
        let tree: UseTree = syn::parse_str(&text).unwrap();
        (String::new(), vec![parse_quote!(#(#attrs)* pub use #tree;)])
    }

    /// A public item without what is private in it, and what is implemented for it.
    fn declared(&self, place: &Place, item: &Item) -> Vec<Item> {
        let Some(declaration) = declaration(item) else { return Vec::new() };
        let is_type = matches!(item, Item::Struct(_) | Item::Enum(_) | Item::Trait(_));
        let mut implemented: Vec<Item> = Vec::new();
        for (module, items) in self.modules.iter().filter(|_| is_type) {
            for item in items {
                if let Item::Impl(block) = item
                    && self.implements_for(module, block).as_ref() == Some(place)
                {
                    implemented.extend(implementation(block));
                }
            }
        }
        implemented.sort_by_cached_key(|item| item.to_token_stream().to_string());
        [vec![declaration], implemented].concat()
    }

    /// The type, else the trait, of this crate to which a block belongs.
    fn implements_for(&self, module: &Module, block: &ItemImpl) -> Option<Place> {
        let mut subject = &*block.self_ty;
        while let Type::Reference(reference) = subject {
            subject = &reference.elem;
        }
        let of_type = match subject {
            Type::Path(path) => self.place(module, &segments(&path.path)),
            _ => None,
        };
        let of_trait = block.trait_.as_ref().map(|(_, path, _)| segments(path));
        of_type.or_else(|| self.place(module, &of_trait?))
    }
}

fn segments(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

/// The names that a `use` brings in, each with its path; `*` for a glob.
fn leaves(tree: &UseTree) -> Vec<(String, Vec<String>)> {
    match tree {
        UseTree::Path(path) => {
            let head = path.ident.to_string();
            let inner = leaves(&path.tree).into_iter();
            inner
                .map(|(name, rest)| match rest.as_slice() {
                    [last] if last == "self" => {
                        (if name == "self" { head.clone() } else { name }, vec![head.clone()])
                    }
                    _ => (name, [std::slice::from_ref(&head), &rest[..]].concat()),
                })
                .collect()
        }
        UseTree::Group(group) => group.items.iter().flat_map(leaves).collect(),
        UseTree::Name(name) => vec![(name.ident.to_string(), vec![name.ident.to_string()])],
        UseTree::Rename(rename) => {
            vec![(rename.rename.to_string(), vec![rename.ident.to_string()])]
        }
        UseTree::Glob(_) => vec![("*".to_owned(), vec!["*".to_owned()])],
    }
}

fn is_pub(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| *attribute == parse_quote!(#[cfg(test)]))
}

/// The attributes that a user of an item must know.
fn kept(attributes: &[Attribute]) -> Vec<Attribute> {
    let known = ["derive", "non_exhaustive", "cfg", "deprecated", "macro_export"];
    let is_kept = |attribute: &&Attribute| {
        known.iter().any(|name| attribute.path().is_ident(name))
            && matches!(attribute.style, syn::AttrStyle::Outer)
    };
    attributes.iter().filter(is_kept).cloned().collect()
}

fn name_of(item: &Item) -> String {
    match item {
        Item::Const(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Fn(item) => item.sig.ident.to_string(),
        Item::Macro(item) => item.ident.as_ref().map(ToString::to_string).unwrap_or_default(),
        Item::Mod(item) => item.ident.to_string(),
        Item::Static(item) => item.ident.to_string(),
        Item::Struct(item) => item.ident.to_string(),
        Item::Trait(item) => item.ident.to_string(),
        Item::Type(item) => item.ident.to_string(),
        _ => String::new(),
    }
}

/// The item as a user sees it; `None` if it is private.
fn declaration(item: &Item) -> Option<Item> {
    let mut item = item.clone();
    let (attributes, visibility) = match &mut item {
        Item::Const(item) => {
            item.expr = parse_quote!(_);
            (&mut item.attrs, &item.vis)
        }
        Item::Enum(item) => {
            for variant in &mut item.variants {
                variant.attrs = kept(&variant.attrs);
                variant.fields.iter_mut().for_each(|field| field.attrs = kept(&field.attrs));
            }
            (&mut item.attrs, &item.vis)
        }
        Item::Fn(item) => {
            item.block = parse_quote!({});
            (&mut item.attrs, &item.vis)
        }
        Item::Static(item) => {
            item.expr = parse_quote!(_);
            (&mut item.attrs, &item.vis)
        }
        Item::Struct(item) => {
            hide_private(&mut item.fields);
            (&mut item.attrs, &item.vis)
        }
        Item::Trait(item) => {
            item.items.iter_mut().for_each(hide_body);
            (&mut item.attrs, &item.vis)
        }
        Item::Type(item) => (&mut item.attrs, &item.vis),
        _ => return None,
    };
    if !is_pub(visibility) {
        return None;
    }
    *attributes = kept(attributes);
    Some(item)
}

/// Keeps of private fields that there are some.
fn hide_private(fields: &mut Fields) {
    match fields {
        Fields::Named(named) => {
            let all = std::mem::take(&mut named.named);
            let (public, private): (Vec<_>, Vec<_>) =
                all.into_iter().partition(|field| is_pub(&field.vis));
            named.named = Punctuated::from_iter(public);
            if !private.is_empty() {
                named.named.push(parse_quote!(private: _));
            }
        }
        Fields::Unnamed(unnamed) => {
            for field in unnamed.unnamed.iter_mut().filter(|field| !is_pub(&field.vis)) {
                field.ty = parse_quote!(_);
                field.vis = Visibility::Inherited;
            }
        }
        Fields::Unit => {}
    }
    fields.iter_mut().for_each(|field| field.attrs = kept(&field.attrs));
}

/// Keeps of a default of a trait's item that there is one.
fn hide_body(item: &mut TraitItem) {
    match item {
        TraitItem::Const(item) => {
            item.attrs = kept(&item.attrs);
            if let Some((_, default)) = &mut item.default {
                *default = parse_quote!(_);
            }
        }
        TraitItem::Fn(item) => {
            item.attrs = kept(&item.attrs);
            if let Some(default) = &mut item.default {
                *default = parse_quote!({});
            }
        }
        TraitItem::Type(item) => item.attrs = kept(&item.attrs),
        _ => {}
    }
}

/// A block as a user sees it: of a trait that it is implemented, and with which types.
fn implementation(block: &ItemImpl) -> Option<Item> {
    let mut block = block.clone();
    block.attrs = kept(&block.attrs);
    let of_trait = block.trait_.is_some();
    block.items.retain_mut(|item| match item {
        ImplItem::Const(item) => {
            item.attrs = kept(&item.attrs);
            item.expr = parse_quote!(_);
            of_trait || is_pub(&item.vis)
        }
        ImplItem::Fn(item) => {
            item.attrs = kept(&item.attrs);
            item.block = parse_quote!({});
            is_pub(&item.vis)
        }
        ImplItem::Type(item) => {
            item.attrs = kept(&item.attrs);
            true
        }
        _ => false,
    });
    (of_trait || !block.items.is_empty()).then_some(Item::Impl(block))
}
