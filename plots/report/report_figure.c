/* report_figure.c - a figure in the report. */
#include "core/os/file.h"
#include "plots/figure/figure_find.h"
#include "plots/figure/gnuplot.h"
#include "plots/report/report.h"
#include "plots/report/html.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* The largest SVG that is used, in bytes. A heat map of all layers has 50,000 cells, which a phone
 * would draw slowly. */
enum { LARGEST_SVG = 400000 };

/* Copy the SVG S with "fN-" before every id and every reference to one, because one document holds
 * many figures. Ids and references occur only inside tags. */
static void put_svg_body(FILE *to, const char *s, int number)
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
            n = 0, s += 6; /* HTML does not need this prefix, and XML requires its declaration */
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

/* What follows TAG in S; S if it does not occur. */
static const char *skip_past(const char *s, const char *tag)
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
        return fail(FAIL_TOOL, "the SVG that gnuplot wrote does not have a size");
    fprintf(to,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 %d %d\""
            " width=\"%d\" height=\"%d\" style=\"--w:%dpx\" aria-label=\"",
            width, height, width, height, width);
    html_text(to, alt);
    fputs("\">", to);
    put_svg_body(to, skip_past(body + 1, "</desc>"), number);
    return 0;
}

/* The PNG at the size of the SVG. */
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

/* Write TEXT to DIR/NAME.TYPE and free it. */
static int write_and_free(const char *dir, const char *name, const char *type, char *text)
{
    char *path = xprintf("%s/%s.%s", dir, name, type);
    int rc = file_write(path, text, strlen(text), FAIL_STORE);

    free(path);
    free(text);
    return rc;
}

/* Draw DIR/NAME.TYPE and map it. */
static int draw_and_map(struct file *f, const char *dir, const char *name, const char *type)
{
    const char *formats[] = { type, NULL };
    char *path = xprintf("%s/%s.%s", dir, name, type);
    int rc = gnuplot_draw(dir, name, formats) == 0 ? file_map(f, path) : -1;

    free(path);
    return rc;
}

static int put_image(struct report *rp, FILE *to, const struct figure *f, const char *alt)
{
    struct file svg, png;
    int rc = write_and_free(rp->dir, f->t.name, "dat", figure_data(f));

    if (write_and_free(rp->dir, f->t.name, "gp", figure_script(f)) != 0 || rc != 0 ||
        draw_and_map(&svg, rp->dir, f->t.name, "svg") != 0)
        return -1;
    char *text = xprintf("%.*s", (int)svg.size, (const char *)svg.data);
    if (svg.size <= LARGEST_SVG) {
        rc = put_svg(to, text, alt, ++rp->n_figures);
    } else if ((rc = draw_and_map(&png, rp->dir, f->t.name, "png")) == 0) {
        put_png(to, &png, text, alt);
        file_unmap(&png);
    }
    free(text);
    file_unmap(&svg);
    return rc;
}

static void put_figure(struct report *rp, const struct figure *f, const char *study,
                       const char *image)
{
    fprintf(rp->to, "<figure><div class=\"box card\" tabindex=\"0\">%s</div>\n<figcaption>", image);
    html_text(rp->to, f->t.about);
    fputs(" <code>lowrank figure ", rp->to);
    html_word(rp->to, f->t.name);
    if (study) {
        fputc(' ', rp->to);
        char *word = xprintf("study=%s", study);
        html_word(rp->to, word);
        free(word);
    }
    fputs("</code></figcaption></figure>\n", rp->to);
}

/* Why the figure is missing. */
static void put_missing_figure(struct report *rp, const char *name)
{
    fputs("<p class=\"note\">No figure <code>", rp->to);
    html_text(rp->to, name);
    fputs("</code>: ", rp->to);
    html_text(rp->to, fail_text());
    fputs("</p>\n", rp->to);
}

int report_figure(struct report *rp, const char *name, const char *study, bool quiet)
{
    struct figure f = { 0 };
    char *image = NULL, *alt = NULL;
    const char *const params[] = { study ? "study" : NULL, study, NULL };
    size_t size;

    if (!rp->dir)
        return 0;
    int rc = figure_find(&f, rp->s, NULL, name, params);
    bool empty = rc != 0 && fail_code() == FAIL_RUN;
    if (rc == 0) {
        FILE *to = xmemstream(&image, &size);
        alt =
            xprintf("%s Figure %s; its numbers are in the tables of this report.", f.t.about, name);
        rc = put_image(rp, to, &f, alt);
        xmemstream_end(to);
    }
    if (rc == 0)
        put_figure(rp, &f, study, image);
    else if (!quiet || !empty)
        put_missing_figure(rp, name);
    free(alt);
    free(image);
    figure_free(&f);
    return rc == 0;
}
