//! PNG from the SVG of a figure, for slides.
//!
//! The SVG names no font, so one must be found here: DejaVu Sans, which is part
//! of the program, and for characters that it lacks (Japanese) those of the
//! system. A PNG with boxes for characters is worse than none.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Group, Node, Options, Tree};

use super::sheet::failed;
use crate::Result;

/// Pixels of the PNG for each pixel of the SVG.
const ENLARGED: f32 = 2.0;

/// Renders figures; made once for all figures of a report.
#[derive(Debug)]
pub struct Renderer {
    embedded: Arc<Database>,
    with_system: Option<Arc<Database>>,
}

impl Default for Renderer {
    fn default() -> Self {
        Self {
            embedded: Arc::new(embedded()),
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
        if is_legible(tree.root()) {
            return paint(&tree).map(Some);
        }
        let fonts = self.with_system.get_or_insert_with(|| {
            let mut fonts = embedded();
            fonts.load_system_fonts();
            Arc::new(fonts)
        });
        let tree = read(svg, fonts)?;
        if is_legible(tree.root()) {
            paint(&tree).map(Some)
        } else {
            Ok(None)
        }
    }
}

fn embedded() -> Database {
    let mut fonts = Database::new();
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    fonts.load_font_data(dejavu::sans::bold().to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    fonts
}

fn read(svg: &str, fonts: &Arc<Database>) -> Result<Tree> {
    let options = Options {
        fontdb: Arc::clone(fonts),
        font_family: "DejaVu Sans".to_owned(),
        ..Options::default()
    };
    Tree::from_str(svg, &options).map_err(failed)
}

/// Whether every character of every text has a glyph.
fn is_legible(group: &Group) -> bool {
    group.children().iter().all(|node| match node {
        Node::Group(group) => is_legible(group),
        Node::Text(text) => {
            let set = text
                .chunks()
                .iter()
                .any(|chunk| !chunk.text().trim().is_empty());
            let mut glyphs = text
                .layouted()
                .iter()
                .flat_map(|span| &span.positioned_glyphs);
            // Glyph 0 is the box of every font; without any font nothing is set.
            let complete = glyphs.clone().all(|glyph| glyph.id.0 != 0);
            complete && (!set || glyphs.next().is_some())
        }
        _ => true,
    })
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
