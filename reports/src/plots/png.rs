//! PNG from the SVG of a figure, for slides.
//!
//! The SVG names no font, so one must be found here: DejaVu Sans, which is part
//! of the program, and for characters that it lacks (Japanese) those of the
//! system. A PNG with boxes for characters is worse than none.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, FaceInfo, ID, Source, Weight};
use resvg::usvg::{FontResolver, Group, Node, Options, Tree};

use super::sheet::failed;
use crate::Result;

/// Pixels of the PNG for each pixel of the SVG.
const ENLARGED: f32 = 2.0;

/// Renders figures; made once for all figures of a report.
#[derive(Debug)]
pub struct Renderer {
    embedded: Arc<Database>,
    /// Japanese fonts of the machine, and all of its fonts.
    with_system: Option<(Arc<Database>, Arc<Database>)>,
}

impl Default for Renderer {
    fn default() -> Self {
        Self {
            embedded: Arc::new(with_embedded(Database::new())),
            with_system: None,
        }
    }
}

impl Renderer {
    /// The PNG of an SVG; `None` when no font of this machine has all of its
    /// characters.
    ///
    /// # Errors
    /// The SVG cannot be read or the PNG not be made: a fault of this crate.
    pub fn png(&mut self, svg: &str) -> Result<Option<Vec<u8>>> {
        let tree = read(svg, &self.embedded)?;
        if is_legible(svg, &tree) {
            return paint(&tree).map(Some);
        }
        // A font that is read once serves all figures fast; among all fonts of
        // the machine each is opened anew for every character.
        let (few, all) = self.with_system.get_or_insert_with(|| {
            let mut system = Database::new();
            system.load_system_fonts();
            (
                Arc::new(with_embedded(japanese(&system))),
                Arc::new(with_embedded(system)),
            )
        });
        for fonts in [few, all] {
            let tree = read(svg, fonts)?;
            if is_legible(svg, &tree) {
                return paint(&tree).map(Some);
            }
        }
        Ok(None)
    }
}

/// Fonts of the machine without serifs that are made for Japanese readers, one
/// ordinary and one bold; none when there is none or it cannot be read.
fn japanese(system: &Database) -> Database {
    let mut fonts = Database::new();
    for weight in [Weight::NORMAL, Weight::BOLD] {
        let mut faces = system.faces().filter(|face| face.weight == weight);
        let face = faces.find(|face| is_japanese(face));
        let data = face.and_then(|face| match &face.source {
            Source::File(path) => std::fs::read(path).ok(),
            _ => None,
        });
        if let Some(data) = data {
            fonts.load_font_data(data);
        }
    }
    fonts
}

/// Whether a font has no serifs and is made for Japanese readers, as far as
/// its name tells.
fn is_japanese(face: &FaceInfo) -> bool {
    let mut names = face.families.iter().map(|(name, _)| name);
    names.any(|name| (name.contains("Sans") && name.contains("JP")) || name.contains("Gothic"))
}

/// Adds the font of the program, last: what the system calls sans-serif may be
/// a font that is not there.
fn with_embedded(mut fonts: Database) -> Database {
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    fonts.load_font_data(dejavu::sans::bold().to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    fonts
}

fn read(svg: &str, fonts: &Arc<Database>) -> Result<Tree> {
    let options = Options {
        fontdb: Arc::clone(fonts),
        font_family: "DejaVu Sans".to_owned(),
        font_resolver: FontResolver {
            select_font: FontResolver::default_font_selector(),
            select_fallback: Box::new(fallback),
        },
        ..Options::default()
    };
    Tree::from_str(svg, &options).map_err(failed)
}

/// The font for a character that the fonts tried so far lack: if it can be, one
/// without serifs, of the same weight, and made for Japanese readers, since some
/// characters look different elsewhere.
fn fallback(character: char, tried: &[ID], fonts: &mut Arc<Database>) -> Option<ID> {
    let weight = fonts.face(*tried.first()?)?.weight;
    let any = FontResolver::default_fallback_selector();
    let wishes: [&dyn Fn(&FaceInfo) -> bool; 3] = [
        &|face| is_japanese(face) && face.weight == weight,
        &is_japanese,
        &|_| true,
    ];
    wishes.into_iter().find_map(|wish| {
        let unwished = fonts.faces().filter(|face| !wish(face)).map(|face| face.id);
        let excluded: Vec<ID> = tried.iter().copied().chain(unwished).collect();
        any(character, &excluded, fonts)
    })
}

/// Whether every character of every text has a glyph. Texts without any font
/// are not even in the tree.
fn is_legible(svg: &str, tree: &Tree) -> bool {
    let mut found = Found::default();
    found.look(tree.root());
    found.texts == svg.matches("<text").count() && !found.boxes
}

#[derive(Default)]
struct Found {
    texts: usize,
    boxes: bool,
}

impl Found {
    fn look(&mut self, group: &Group) {
        for node in group.children() {
            match node {
                Node::Group(group) => self.look(group),
                Node::Text(text) => {
                    self.texts += 1;
                    let mut spans = text.layouted().iter();
                    // Glyph 0 is the box of every font.
                    self.boxes |= spans.any(|span| {
                        let mut glyphs = span.positioned_glyphs.iter();
                        glyphs.any(|glyph| glyph.id.0 == 0)
                    });
                }
                _ => {}
            }
        }
    }
}

fn paint(tree: &Tree) -> Result<Vec<u8>> {
    let size = tree.size().to_int_size();
    let side = |pixels: u32| (pixels as f32 * ENLARGED) as u32;
    let mut pixmap = Pixmap::new(side(size.width()), side(size.height()))
        .ok_or_else(|| failed("a figure without a size"))?;
    let larger = Transform::from_scale(ENLARGED, ENLARGED);
    resvg::render(tree, larger, &mut pixmap.as_mut());
    pixmap.encode_png().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn svg(text: &str) -> String {
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="80" height="20" viewBox="0 0 80 20"><text x="2" y="15" font-family="sans-serif" font-size="12">{text}</text></svg>"#
        )
    }

    #[test]
    fn latin_text_needs_no_font_of_the_machine() {
        let mut renderer = Renderer::default();
        let png = renderer.png(&svg("rule")).expect("an SVG").expect("a font");
        assert!(renderer.with_system.is_none());
        let image = Pixmap::decode_png(&png).expect("a PNG");
        assert_eq!((image.width(), image.height()), (160, 40));
        assert!(image.pixels().iter().any(|pixel| pixel.alpha() > 0));
    }

    #[test]
    fn text_without_a_font_is_not_painted_as_boxes() {
        let mut renderer = Renderer::default();
        let fonts = Arc::clone(&renderer.embedded);
        // As on a machine without fonts of its own.
        renderer.with_system = Some((Arc::clone(&fonts), fonts));
        assert_eq!(renderer.png(&svg("規則")).expect("an SVG"), None);
        let none = Arc::new(Database::new());
        renderer.with_system = Some((Arc::clone(&none), none));
        assert_eq!(renderer.png(&svg("規則")).expect("an SVG"), None);
    }
}
