//! Random scripts, put together so that many of them are valid.

/// A generator of numbers (xorshift) and texts.
struct Generator(u64);

/// So many scripts from a seed.
pub(super) fn scripts(seed: u64, count: usize) -> Vec<String> {
    let mut generator = Generator(seed);
    (0..count).map(|_| generator.script()).collect()
}

impl Generator {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn pick(&mut self, from: &[&str]) -> String {
        from[self.below(from.len())].to_owned()
    }

    fn script(&mut self) -> String {
        let count = 1 + self.below(3);
        (0..count).map(|_| self.statement(3)).collect::<Vec<_>>().join(&self.pick(&[
            "\n",
            "; ",
            "\r\n",
            "\n\n# $using:no\n",
        ]))
    }

    fn statement(&mut self, depth: usize) -> String {
        let next = depth.saturating_sub(1);
        match self.below(if depth == 0 { 4 } else { 16 }) {
            0 | 1 => self.expression(next),
            2 => self.command(next),
            3 => format!("$v = {}", self.expression(next)),
            4 => format!(
                "if ({}) {{ {} }} else {{ {} }}",
                self.expression(next),
                self.statement(next),
                self.statement(next)
            ),
            5 => format!("foreach ($i in {}) {{ {} }}", self.expression(next), self.statement(next)),
            6 => format!("{} | % {{ {} }}", self.expression(next), self.statement(next)),
            7 => format!("function f($p = {}) {{ {} }}", self.expression(next), self.statement(next)),
            8 => format!("try {{ {} }} catch {{ {} }}", self.statement(next), self.statement(next)),
            9 => format!("do {{ {} }} while ({})", self.statement(next), self.expression(next)),
            10 => {
                let condition = self.argument(next);
                format!(
                    "switch ({}) {{ {condition} {{ {} }} default {{ {} }} }}",
                    self.expression(next),
                    self.statement(next),
                    self.statement(next)
                )
            }
            11 => format!("$v = {}", self.command(next)),
            12 => format!("{} | {}", self.command(next), self.command(next)),
            13 => format!("& {{ {}\n{} }} {}", self.statement(next), self.statement(next), self.argument(next)),
            14 => format!("return {}", self.expression(next)),
            _ => format!("while ({}) {{\n  {}\n}}", self.expression(next), self.statement(next)),
        }
    }

    fn expression(&mut self, depth: usize) -> String {
        let next = depth.saturating_sub(1);
        match self.below(if depth == 0 { 6 } else { 20 }) {
            0..=2 => self.using(true),
            3 => self.pick(&[
                "1",
                "0x1F",
                "1.5",
                "$a",
                "$a.b",
                "$true",
                "'$using:no'",
                "[int]::MaxValue",
                "\u{2018}no\u{2019}",
            ]),
            4 | 5 => self.string(next),
            6 | 7 => {
                let operator = self
                    .pick(&[" + ", "+", " -eq ", " - ", "*", ", ", "..", " -and ", " -f ", " -split ", " /\n", " ?? "]);
                format!("{}{operator}{}", self.expression(next), self.expression(next))
            }
            8 => format!("({})", self.statement_of_pipeline(next)),
            9 => format!("$({}; {})", self.statement(next), self.statement(next)),
            10 => format!("@({})", self.statement(next)),
            11 => format!("@{{ k = {}; 'l m' = {} }}", self.expression(next), self.command(next)),
            12 => format!("$a.M({}, {})", self.expression(next), self.using(true)),
            13 => format!("[string]{}", self.using(true)),
            14 => format!("-not {}", self.expression(next)),
            15 => format!("{{ {} }}", self.statement(next)),
            16 => format!("$a[{}]", self.expression(next)),
            17 => format!("({}) ? ({}) : {}", self.expression(next), self.expression(next), self.using(true)),
            18 => format!("({}).{}", self.expression(next), self.pick(&["Length", "'a b'", "Count"])),
            _ => format!("$a.Where{{ {} }}", self.statement(next)),
        }
    }

    fn statement_of_pipeline(&mut self, depth: usize) -> String {
        if self.below(2) == 0 { self.expression(depth) } else { self.command(depth) }
    }

    fn command(&mut self, depth: usize) -> String {
        let name = self.pick(&[
            "echo",
            "Get-Item",
            "& tool",
            ". ./s.ps1",
            "7z",
            "./x.ps1",
            "& $using:command",
            "if-not",
            "a$using:no",
            "%",
        ]);
        let count = self.below(4);
        let mut text = name;
        for _ in 0..count {
            text.push_str(&self.pick(&[" ", "  ", " `\n ", " <# c #> "]));
            text.push_str(&self.argument(depth));
        }
        let end = self.pick(&["", "", "", " # $using:no", " > $null", " 2>&1", " --% $using:no"]);
        text + &end
    }

    fn argument(&mut self, depth: usize) -> String {
        match self.below(14) {
            0 | 1 => self.using(true),
            2 => format!("a{}", self.using(false)),
            3 => format!("{}{}", self.using(false), self.pick(&["/b", "b", "\"c\"", "-d", "#e", "=f", "'g'"])),
            4 => format!("-Name {}", self.using(true)),
            5 => format!("-Name:{}", self.using(true)),
            6 => self.string(depth),
            7 => format!("--opt={}", self.using(false)),
            8 => format!("x{}y", self.string(depth)),
            9 => format!("({})", self.expression(depth)),
            10 => format!("{{ {} }}", self.statement(depth)),
            11 => format!("{},{}", self.using(true), self.using(true)),
            12 => self.pick(&["@using:s", "`$using:no", "a#b", "-f", "1..3", "[int]", "*.txt", "--", "a`$b", "@args"]),
            _ => format!("$({})", self.expression(depth)),
        }
    }

    fn using(&mut self, accessors: bool) -> String {
        let mut text = self.pick(&[
            "$using:x",
            "$Using:Long_Name1",
            "${using:odd name}",
            "$using:env:PATH",
            "$using:ü",
            "${USING:a`}b}",
            "$using:q?",
            "$using:global:g",
        ]);
        if accessors {
            for _ in 0..self.below(3) {
                text.push_str(
                    &self
                        .pick(&[".Length", "[0]", "['k']", "[\"K\"]", ".a", "[-1]", ".'odd'", "[ 1 ]", "::S", ".\n m"]),
                );
            }
        }
        text
    }

    fn string(&mut self, depth: usize) -> String {
        if self.below(5) == 0 {
            let inside = self.pick(&["$using:x.y \"q\" ''", "$using:h: `$using:no", "$($using:i.j) \"$using:k\""]);
            return format!("@\"\n{inside}\n\"@");
        }
        let mut text = String::from("\"");
        for _ in 0..self.below(4) {
            let piece = match self.below(9) {
                0 => self.using(false),
                1 => self.using(true).replace('"', "'"),
                2 if depth > 0 => {
                    let inside = self.expression(depth - 1);
                    format!("$({})", if inside.contains('"') { "$using:plain.z".to_owned() } else { inside })
                }
                3 => "$(\"in $using:deep.x\")".to_owned(),
                4 => "$(\"\"in $using:doubled.x\"\")".to_owned(),
                5 => self.pick(&[
                    "$(\"$(`\"a $using:deep`\")\")",
                    "$(\"$(\"`\"$using:deep\")\")",
                    "$(\"$(\"`\"$($using:deep.x[0])\")\")",
                    "$(\"\"$(\"\"\"\"b $using:deep\"\"\"\")\"\")",
                    "$(`\"ü $(``\"c $using:deep``\") 😀`\")",
                    "$(\"\"a\"\"; \"$($using:deep; \"\"$($using:deeper)\"\")\")",
                ]),
                _ => {
                    self.pick(&["a ", "`$using:no", "\"\"", "`\"", "$ ", "$$", "'", "\u{2019}", "{0}", "``", ":", "."])
                }
            };
            text.push_str(&piece);
        }
        text.push('"');
        text
    }
}
