/* report_figure.c - a figure as a part of an HTML page. */
#include "core/base/file.h"
#include "plots/figure/figure.h"
#include "plots/figure/gnuplot.h"
#include "plots/report/report.h"
#include "plots/report/html.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* A heat map of every layer has 50,000 cells; a phone shows that many shapes slowly. */
enum { SVG_MOST = 400000 };

/* Copies SVG with "fN-" before every id and reference, as many figures stand in one page. A name
 * is one only inside of a tag. */
static void put_unique(FILE *to, const char *s, int number)
{
    static const char *const before[] = { " id=\"", " id='", "href=\"#", "href='#", "url(#" };
    bool tag = false;

    while (*s) {
        size_t n = 1;
        bool name = false;
        tag = *s == '<' || (tag && *s != '>');
        for (size_t i = 0; tag && i < ARRAY_LEN(before) && !name; i++)
            if (strncmp(s, before[i], strlen(before[i])) == 0) {
                n = strlen(before[i]);
                name = true;
            }
        if (strncmp(s, "xlink:", 6) == 0 && tag)
            n = 0, s += 6; /* a prefix that HTML knows and XML would want declared */
        else if (strncmp(s, "<title>", 7) == 0 &&
                 strstr(s, "</title>")) /* gnuplot's own commands */
            n = 0, tag = false, s = strstr(s, "</title>") + 8;
        else if ((*s == '\t' || *s == '\n') && !tag && s[1] == '\n')
            n = 0, s++;
        fwrite(s, 1, n, to);
        if (name)
            fprintf(to, "f%d-", number);
        s += n;
    }
}

/* What follows the element that begins with TAG in S; S without one. */
static const char *after(const char *s, const char *tag)
{
    const char *p = strstr(s, tag);

    return p ? p + strlen(tag) : s;
}

static int put_svg(FILE *to, const char *svg, const char *alt, int number)
{
    int width, height;
    const char *head = strstr(svg, "<svg"), *body = head ? strchr(head, '>') : NULL;
    const char *size = head ? strstr(head, "width=") : NULL;

    if (!body || !size || sscanf(size, "width=\"%d\" height=\"%d\"", &width, &height) != 2)
        return fail(FAIL_TOOL, "gnuplot's SVG has no size");
    fprintf(to,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 %d %d\""
            " width=\"%d\" height=\"%d\" style=\"--w:%dpx\" aria-label=\"",
            width, height, width, height, width);
    html_text(to, alt);
    fputs("\">", to);
    put_unique(to, after(body + 1, "</desc>"), number);
    return 0;
}

/* As wide and high as the SVG would be. */
static void put_png(FILE *to, const struct file *png, const char *svg, const char *alt)
{
    int width = 0, height = 0, n = (int)png->size;
    const char *size = strstr(svg, "width=");
    char *text = xalloc((size_t)(n + 2) / 3 * 4 + 1, 1);

    if (size)
        sscanf(size, "width=\"%d\" height=\"%d\"", &width, &height);
    EVP_EncodeBlock((unsigned char *)text, png->data, n);
    fprintf(to, "<img width=\"%d\" height=\"%d\" style=\"--w:%dpx\" alt=\"", width, height, width);
    html_text(to, alt);
    fprintf(to, "\" src=\"data:image/png;base64,%s\" />", text);
    free(text);
}

static int write_text(const char *dir, const char *name, const char *type, char *text)
{
    char *path = xprintf("%s/%s.%s", dir, name, type);
    int rc = file_write(path, text, strlen(text), FAIL_STORE);

    free(path);
    free(text);
    return rc;
}

/* NAME.TYPE of DIR, drawn. */
static int drawn(struct file *f, const char *dir, const char *name, const char *type)
{
    const char *formats[] = { type, NULL };
    char *path = xprintf("%s/%s.%s", dir, name, type);
    int rc = gnuplot_draw(dir, name, formats) == 0 ? file_map(f, path) : -1;

    free(path);
    return rc;
}

static int put_image(struct report *p, FILE *to, const struct figure *f, const char *alt)
{
    struct file svg, png;
    int rc = write_text(p->dir, f->t.name, "dat", figure_data(f));

    if (write_text(p->dir, f->t.name, "gp", figure_script(f)) != 0 || rc != 0 ||
        drawn(&svg, p->dir, f->t.name, "svg") != 0)
        return -1;
    char *text = xprintf("%.*s", (int)svg.size, (const char *)svg.data);
    if (svg.size <= SVG_MOST) {
        rc = put_svg(to, text, alt, ++p->n_figures);
    } else if ((rc = drawn(&png, p->dir, f->t.name, "png")) == 0) {
        put_png(to, &png, text, alt);
        file_unmap(&png);
    }
    free(text);
    file_unmap(&svg);
    return rc;
}

static void put_figure(struct report *p, const struct figure *f, const char *study,
                       const char *image)
{
    fprintf(p->to, "<figure><div class=\"box card\" tabindex=\"0\">%s</div>\n<figcaption>", image);
    html_text(p->to, f->t.about);
    fputs(" <code>lowrank figure ", p->to);
    html_word(p->to, f->t.name);
    if (study) {
        fputc(' ', p->to);
        char *word = xprintf("study=%s", study);
        html_word(p->to, word);
        free(word);
    }
    fputs("</code></figcaption></figure>\n", p->to);
}

/* The name of the figure and why it is not there. */
static void put_reason(struct report *p, const char *name)
{
    fputs("<p class=\"note\">No figure <code>", p->to);
    html_text(p->to, name);
    fputs("</code>: ", p->to);
    html_text(p->to, fail_text());
    fputs("</p>\n", p->to);
}

static bool takes_study(const struct template *t)
{
    for (int i = 0; i < t->n_data; i++) {
        const char *sql = query_find(t->data[i].query);
        if (sql && query_takes(sql, "study"))
            return true;
    }
    return false;
}

int report_figure(struct report *p, const char *name, const char *study, bool quiet)
{
    struct figure f = { 0 };
    char *image = NULL, *alt = NULL;
    size_t size;

    if (!p->dir)
        return 0;
    bool loaded = template_load(&f.t, name) == 0;
    if (loaded && !takes_study(&f.t))
        study = NULL;
    const char *params[] = { study ? "study" : NULL, study, NULL };
    int rc = loaded ? figure_read(&f, p->s, params) : -1;
    bool empty = rc != 0 && fail_code() == FAIL_RUN;
    if (rc == 0) {
        FILE *to = open_memstream(&image, &size);
        CHECK(to, "no memory stream");
        alt = xprintf("%s Figure %s; the numbers are in the tables beside it.", f.t.about, name);
        rc = put_image(p, to, &f, alt);
        fclose(to);
    }
    if (rc == 0)
        put_figure(p, &f, study, image);
    else if (!quiet || !empty)
        put_reason(p, name);
    free(alt);
    free(image);
    figure_free(&f);
    return rc == 0;
}
