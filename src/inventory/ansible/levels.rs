//! How deep groups lie below each other: what is written line by line has no end of its own.

use std::sync::Arc;

use crate::config::{Place, Problem};

use super::super::context::FileContext;
use super::model::{ALL, AnsibleInventory};

/// The most groups one below the other.
const MOST_LEVELS: usize = 100;

/// A parent, and the place that names its child.
type Above<'a> = (usize, &'a Arc<FileContext>, Place);

impl AnsibleInventory {
    /// Parts all groups from each other where some lie too deep or a circle may be too long, and says where. Shorter
    /// circles are for the check of our own model.
    pub(super) fn limit_levels(&mut self) -> Option<Problem> {
        let problem = self.too_deep()?;
        self.groups.iter_mut().for_each(|group| group.children.clear());
        Some(problem)
    }

    /// Goes down from the groups that have none above them, each once all above it are known.
    fn too_deep(&self) -> Option<Problem> {
        let mut waiting = vec![0_usize; self.groups.len()];
        self.edges().for_each(|(_, child)| waiting[child] += 1);
        let mut levels = vec![1; self.groups.len()];
        let mut next: Vec<usize> = (0..self.groups.len()).filter(|&group| waiting[group] == 0).collect();
        while let Some(group) = next.pop() {
            if &*self.groups[group].name == ALL {
                continue;
            }
            for (child, context, at) in &self.groups[group].children {
                levels[*child] = levels[*child].max(levels[group] + 1);
                if levels[*child] > MOST_LEVELS {
                    let name = &self.groups[*child].name;
                    let what =
                        format!("group '{name}' has more than {MOST_LEVELS} groups above it, one over the other");
                    return Some(self.problem((group, context, *at), what));
                }
                waiting[*child] -= 1;
                if waiting[*child] == 0 {
                    next.push(*child);
                }
            }
        }
        let circling = waiting.iter().filter(|&&above| above > 0).count();
        if circling > MOST_LEVELS { self.circle(&waiting) } else { None }
    }

    /// A circle among groups that wait for each other.
    fn circle(&self, waiting: &[usize]) -> Option<Problem> {
        let mut above: Vec<Option<Above>> = vec![None; self.groups.len()];
        for (parent, group) in self.groups.iter().enumerate().filter(|(parent, _)| waiting[*parent] > 0) {
            if &*group.name != ALL {
                group.children.iter().for_each(|(child, context, at)| above[*child] = Some((parent, context, *at)));
            }
        }
        // Whoever goes up so often has come round.
        let start = waiting.iter().position(|&above| above > 0)?;
        let child = (0..self.groups.len()).try_fold(start, |group, _| above[group].map(|(parent, ..)| parent))?;
        let found = above[child]?;
        let what =
            format!("group '{}' contains itself through '{}'", self.groups[found.0].name, self.groups[child].name);
        Some(self.problem(found, what))
    }

    /// Parents with their children; everything is below `all`, and that counts for nothing.
    fn edges(&self) -> impl Iterator<Item = (usize, usize)> {
        let parents = self.groups.iter().enumerate().filter(|(_, group)| &*group.name != ALL);
        parents.flat_map(|(parent, group)| group.children.iter().map(move |(child, ..)| (parent, *child)))
    }

    fn problem(&self, (parent, context, at): Above, what: String) -> Problem {
        Problem::at(&context.file, at, format!("groups > {} > children", self.groups[parent].name), what)
    }
}
