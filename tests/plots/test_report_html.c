/* test_report_html.c - pieces of HTML byte for byte; the report of a planted store: its parts, its
 * tags and its escapes, the same bytes again, with and without gnuplot. */
#include "core/os/file.h"
#include "core/cmd.h"
#include "plots/figure/gnuplot.h"
#include "plots/report/html.h"
#include "tests/kit/store_kit.h"
#include "tests/kit/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const struct cmd cmd_report;

/* --- pieces */

static const struct {
    const char *s, *text, *id, *word;
} pieces[] = {
    { "q,v", "q,v", "p-q_2cv", "q,v" },
    { "<script>&\"'", "&#60;script&#62;&#38;&#34;&#39;", "p-_3cscript_3e_26_22_27",
      "&#39;&#60;script&#62;&#38;&#34;&#39;\\&#39;&#39;&#39;" },
    { "a b", "a b", "p-a_20b", "&#39;a b&#39;" },
    { "it's", "it&#39;s", "p-it_27s", "&#39;it&#39;\\&#39;&#39;s&#39;" },
    { "", "", "p-", "&#39;&#39;" },
    { "\x1b[1m\x7f \xff 語", " [1m  \xEF\xBF\xBD 語", "p-_1b_5b1m_7f_20_ff_20_e8_aa_9e",
      "&#39; [1m  \xEF\xBF\xBD 語&#39;" },
};

static void put_id(FILE *to, const char *s)
{
    html_id(to, "p-", s);
}

START_TEST(pieces_are_exact)
{
    static void (*const put[])(FILE *, const char *) = { html_text, put_id, html_word };
    const char *want[] = { pieces[_i].text, pieces[_i].id, pieces[_i].word };

    for (int k = 0; k < 3; k++) {
        char *text = NULL;
        size_t size;
        FILE *to = open_memstream(&text, &size);
        put[k](to, pieces[_i].s);
        fclose(to);
        ck_assert_str_eq(text, want[k]);
        free(text);
    }
}
END_TEST

START_TEST(table_is_exact)
{
    static char *col[] = { "model", "rank", "q,v", "note", "init", "paper: MNLI" };
    static const char *const cell[] = {
        "m<1>", "1", "81.7 ± 0.2 (3)",  "a&b", NULL, "90.7 / 91.3", /* */
        "m<1>", "2", "0.1234567890123", NULL,  NULL, "91.0",
    };
    static char numeric[] = { 0, 1, 0, 0, 1, 0 };
    const struct rows r = {
        .n_cols = 6, .n_rows = 2, .col = col, .cell = (char **)cell, .numeric = numeric
    };
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);

    html_table(to, &r, "Ranks <here>.");
    fclose(to);
    ck_assert_str_eq(
        text, "<div class=\"box\" tabindex=\"0\" role=\"region\" aria-label=\"Ranks "
              "&#60;here&#62;.\"><table>\n<caption><div>Ranks &#60;here&#62;. In every row: model "
              "<b>m&#60;1&#62;</b>.</div></caption>\n"
              "<thead><tr><th scope=\"col\" class=\"n\">rank</th><th scope=\"col\" "
              "class=\"n\">q,v</th><th scope=\"col\">note</th><th scope=\"col\" class=\"n "
              "paper\">paper: MNLI</th></tr>\n</thead>\n<tbody>\n"
              "<tr><th scope=\"row\" class=\"n\">1</th><td class=\"n\">81.7 ± 0.2 (3)</td>"
              "<td>a&#38;b</td><td class=\"n paper\">90.7 / 91.3</td></tr>\n"
              "<tr><th scope=\"row\" class=\"n\">2</th><td class=\"n\">0.1234567890123</td>"
              "<td>-</td><td class=\"n paper\">91.0</td></tr>\n</tbody></table></div>\n");
    free(text);
}
END_TEST

/* --- the report */

enum { DEEP = 64, IDS = 4096 };

/* Read one tag from S, which is behind its '<', and update the stack of open elements. Attributes
 * must be quoted. Returns what follows the tag. */
static const char *read_tag(const char *s, char stack[DEEP][16], int *depth)
{
    bool close = *s == '/';
    const char *name = s + close;
    int n = (int)strcspn(name, " \t\n/>");

    s = name + n;
    while (*s && *s != '>') {
        if (*s == '"' || *s == '\'')
            s = strchr(s + 1, *s);
        ck_assert_msg(s && *s != '<', "tag <%.20s", name);
        s++;
    }
    ck_assert_msg(*s, "tag <%.20s does not end", name);
    if (close) {
        ck_assert_msg(*depth > 0 && (int)strlen(stack[*depth - 1]) == n &&
                          strncmp(stack[*depth - 1], name, (size_t)n) == 0,
                      "</%.*s> closes <%s>", n, name, *depth > 0 ? stack[*depth - 1] : "");
        --*depth;
    } else if (s[-1] != '/') {
        ck_assert_msg(*depth < DEEP && n < 16, "<%.20s", name);
        snprintf(stack[(*depth)++], 16, "%.*s", n, name);
    }
    return s + 1;
}

/* All tags are closed in order, and text does not contain a bare '<' or '&'. */
static void check_tags(const char *s)
{
    char stack[DEEP][16];
    int depth = 0;

    ck_assert_int_eq(strncmp(s, "<!DOCTYPE html>", 15), 0);
    for (s += 15; *s;) {
        bool raw = depth > 0 && (strcmp(stack[depth - 1], "script") == 0 ||
                                 strcmp(stack[depth - 1], "style") == 0);
        if (*s == '<' && (!raw || s[1] == '/')) {
            s = read_tag(s + 1, stack, &depth);
            continue;
        }
        if (*s == '&')
            ck_assert_msg(s[1] == '#' || strncmp(s, "&amp;", 5) == 0 ||
                              strncmp(s, "&lt;", 4) == 0 || strncmp(s, "&gt;", 4) == 0,
                          "%.30s", s);
        s++;
    }
    ck_assert_int_eq(depth, 0);
}

/* Ids are unique, and every reference has its target. */
static void check_ids(const char *html)
{
    static char *seen[IDS];
    int n = 0;

    for (const char *s = html; (s = strpbrk(s, " \n")) != NULL; s++) {
        if (strncmp(s + 1, "id=", 3) != 0)
            continue;
        char *one = xprintf("%.*s", (int)strcspn(s + 5, "\"'"), s + 5);
        for (int i = 0; i < n; i++)
            ck_assert_msg(strcmp(seen[i], one) != 0, "id '%s' occurs twice", one);
        ck_assert_int_lt(n, IDS);
        seen[n++] = one;
    }
    for (const char *s = html; (s = strstr(s, "href=")) != NULL; s++) {
        int i = 0;
        size_t len = strcspn(s + 7, "\"'");
        ck_assert_msg(s[6] == '#', "%.40s", s);
        while (i < n && (strlen(seen[i]) != len || strncmp(seen[i], s + 7, len) != 0))
            i++;
        ck_assert_msg(i < n, "%.40s does not have a target", s);
    }
    ck_assert_int_gt(n, 1);
    while (n > 0)
        free(seen[--n]);
}

static double value(int rank, int lr, int seed)
{
    return rank == 4 && seed == 2 ? INFINITY : 0.5 + 0.01 * rank + 0.002 * seed * lr;
}

/* Two studies of three ranks with two seeds, of which one run diverges. If ASKED, the store also
 * has the words of their command lines, and titles and words that look like markup. */
static const char *planted(const char *name, bool asked)
{
    static const struct kit_study k = { "rank", "accuracy", 3, 1, 2, 1 },
                                  l = { "again", "accuracy", 3, 1, 2, 1 };
    const char *home = kit_path(name);
    char *db = path_join(home, "lowrank.db");
    struct store *s;

    ck_assert_int_eq(make_dirs(home), 0);
    ck_assert_int_eq(store_open(&s, db, STORE_WRITE), 0);
    ck_assert_int_eq(kit_plan(s, &k), 0);
    ck_assert_int_eq(kit_plan(s, &l), 0);
    ck_assert_int_eq(kit_finish_all(s, "rank", value), 6);
    store_close(s);
    if (asked)
        kit_sql(db, "UPDATE sweep SET spec = json_set(spec, '$.title', '<script>alert(1)</script>',"
                    " '$.source', 'A & \"B\"', '$.table', 'rank', '$.figure', 'rank', '$.recipe',"
                    " 'rank', '$.varied', json('[\"rank\"]'), '$.seeds', json('[1,2]'), '$.words',"
                    " json('[\"note=it''s <b>\"]'), '$.run_words', json('[\"note=it''s <b>\"]'))");
    free(db);
    return home;
}

/* The report of HOME as a string; NULL if the command failed. */
static char *make_report(const char *home, const char *study)
{
    char command[] = "report", flag[] = "--home", quiet[] = "-q";
    char *dir = xstrdup(home), *name = xstrdup(study), *path = path_join(home, "report.html");
    char *argv[] = { command, quiet, flag, dir, name, NULL };
    struct file f;

    fflush(stdout);
    int out = dup(1); /* keep the results out of the output of check */
    ck_assert(freopen("/dev/null", "w", stdout) != NULL);
    int rc = cmd_report.run(*study ? 5 : 4, argv);
    fflush(stdout);
    dup2(out, 1);
    close(out);
    char *text = NULL;
    if (rc == 0 && file_map(&f, path) == 0) {
        text = xprintf("%.*s", (int)f.size, (const char *)f.data);
        file_unmap(&f);
    }
    free(path);
    free(name);
    free(dir);
    return text;
}

static void has(const char *html, const char *text)
{
    ck_assert_msg(strstr(html, text), "no '%s' in the report", text);
}

START_TEST(report_of_a_store)
{
    const char *home = planted(_i ? "asked" : "old", _i);
    char *html = make_report(home, ""), *again = make_report(home, ""),
         *named = make_report(home, "rank");

    ck_assert_msg(html && again && named, "%s", fail_text());
    ck_assert_msg(strcmp(html, again) == 0, "two reports of one store differ");
    check_tags(named);
    has(html, "id=\"claim-alpha_5fvalue\"");
    has(named, "id=\"claim-rank_5fflat\"");
    ck_assert_ptr_null(strstr(named, "id=\"claim-alpha_5fvalue\""));
    check_tags(html);
    check_ids(html);
    has(html, "<section id=\"study-rank\">");
    has(html, "<section id=\"claims\">");
    has(html, "<section id=\"provenance\">");
    has(html, "<p>5 of 6 runs done, <strong>1 diverged</strong>.</p>");
    has(html, "loss is not finite at step 3");
    has(html, "<th scope=\"row\" class=\"n\">1</th><td class=\"n\">51.3 ± 1.3 (2)</td>");
    has(html, "class=\"n paper\">68.8"); /* the first number of Table 6, from the store */
    has(html, "@media print");
    ck_assert_ptr_null(strstr(html, "<script>alert"));
    ck_assert_ptr_null(strstr(html, "src=\"http"));
    ck_assert_ptr_null(strstr(html, "url(http"));
    if (gnuplot_is_installed())
        has(html, _i ? "<g id=\"f2-" : "<g id=\"f1-");
    if (_i) {
        has(html, "&#60;script&#62;alert(1)&#60;/script&#62;</h2>");
        has(html, "<pre>lowrank sweep rank &#39;note=it&#39;\\&#39;&#39;s &#60;b&#62;&#39; "
                  "--seeds 2</pre>");
        has(html,
            "lowrank run rank &#39;note=it&#39;\\&#39;&#39;s &#60;b&#62;&#39; rank=4 seed=1<");
    } else { /* every setting is repeated as a word */
        has(html, "<pre>lowrank sweep rank alpha=8 epochs=1 ");
        has(html, "lowrank run alpha=8 epochs=1 lr=0.001 method=lora model=m rank=4 targets=q,v "
                  "task=t seed=1<");
    }
    free(named);
    free(again);
    free(html);
}
END_TEST

START_TEST(report_without_gnuplot)
{
    const char *home = planted("bare", true), *nothing = kit_path("nothing");
    char *path = xstrdup(getenv("PATH"));

    ck_assert_int_eq(make_dirs(nothing), 0);
    setenv("PATH", nothing, 1);
    char *html = make_report(home, "");
    setenv("PATH", path, 1);
    ck_assert_msg(html != NULL, "%s", fail_text());
    check_tags(html);
    has(html, "gnuplot was not installed");
    has(html, "<table>");
    ck_assert_ptr_null(strstr(html, "<svg"));
    free(html);
    free(path);
}
END_TEST

/* In place of a figure that cannot be drawn, the report says why. */
START_TEST(report_without_a_figure)
{
    const char *home = planted("figureless", true);
    char *db = path_join(home, "lowrank.db");

    kit_sql(db, "UPDATE sweep SET spec = json_set(spec, '$.figure', 'rnk')");
    char *html = make_report(home, "");
    ck_assert_msg(html != NULL, "%s", fail_text());
    check_tags(html);
    if (gnuplot_is_installed())
        has(html,
            "No figure <code>rank</code>: unknown figure or study &#39;rnk&#39;; did you mean "
            "&#39;rank&#39;?</p>");
    free(html);
    free(db);
}
END_TEST

START_TEST(nothing_to_report)
{
    const char *home = kit_path("empty");
    char *db = path_join(home, "lowrank.db");
    struct store *s;

    ck_assert_ptr_null(make_report(home, ""));
    ck_assert_int_eq(fail_code(), FAIL_STORE);
    ck_assert_int_eq(make_dirs(home), 0);
    ck_assert_int_eq(store_open(&s, db, STORE_WRITE), 0);
    ck_assert_int_eq(kit_plan(s, &kit_small), 0);
    store_close(s);
    ck_assert_ptr_null(make_report(home, ""));
    ck_assert_int_eq(fail_code(), FAIL_RUN);
    ck_assert_str_eq(fail_text(),
                     "no finished runs to report yet; 'lowrank status' shows what there is");
    ck_assert_ptr_null(make_report(home, "rnak"));
    ck_assert_int_eq(fail_code(), FAIL_USAGE);
    ck_assert_str_eq(fail_text(), "unknown study 'rnak'; did you mean 'rank'?");
    free(db);
}
END_TEST

static void add_report_html_tests(TCase *tc)
{
    tcase_add_loop_test(tc, pieces_are_exact, 0, (int)ARRAY_LEN(pieces));
    tcase_add_test(tc, table_is_exact);
    tcase_add_loop_test(tc, report_of_a_store, 0, 2);
    tcase_add_test(tc, report_without_gnuplot);
    tcase_add_test(tc, report_without_a_figure);
    tcase_add_test(tc, nothing_to_report);
}

const struct suite suite_report_html = { "report_html", add_report_html_tests };
