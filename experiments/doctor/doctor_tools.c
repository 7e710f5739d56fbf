/* doctor_tools.c - programs and data that are installed beside this program. */
#include "experiments/doctor/doctor.h"
#include "core/os/file.h"

#include <stdlib.h>
#include <string.h>

char *doctor_version(const char *program, const char *flag)
{
    char *name = xstrdup(program), *option = xstrdup(flag), out[1024];
    char *argv[] = { name, option, NULL };
    int rc = spawn_wait(argv, out, sizeof out, 20);

    free(name);
    free(option);
    out[strcspn(out, "\r\n")] = 0;
    return rc == 0 ? xstrdup(out) : NULL;
}

static bool has_file(const char *dir, const char *name)
{
    char *path = path_join(dir, name);
    bool there = file_exists(path);

    free(path);
    return there;
}

/* The files of WordNet are needed only as long as the tasks made from them do not exist. */
static void add_wordnet(struct doctor *d)
{
    static const char *const files[] = { "data.noun", "data.verb", "data.adj", "data.adv" };
    const char *env = getenv("WNSEARCHDIR"), *dir = env ? env : "/usr/share/wordnet";
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        n += has_file(dir, files[i]);
    bool all = n == ARRAY_LEN(files);
    char *data = home_path(d->session->home, "data"),
         *made = path_join(data, "wordnet/supersense/train.tsv");
    enum fact_state v = all ? FACT_OK : file_exists(made) ? FACT_WARN : FACT_MISSING;
    doctor_add(d, v, "WordNet", all ? xstrdup(dir) : xprintf("not found in %s", dir),
               all ? NULL : "apt-get install wordnet-base, or set WNSEARCHDIR");
    free(made);
    free(data);
}

void doctor_tools(struct doctor *d)
{
    static const char font[] = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";
    char *gnuplot = doctor_version("gnuplot", "--version"),
         *pip = doctor_version("pip3", "--version");
    bool fonts = file_exists(font);

    doctor_add(d, gnuplot ? FACT_OK : FACT_MISSING, "gnuplot",
               gnuplot ? gnuplot : xstrdup("not found"),
               gnuplot ? NULL : "needed for figures: apt-get install gnuplot-nox");
    doctor_add(d, fonts ? FACT_OK : FACT_WARN, "font of figures",
               xstrdup(fonts ? "DejaVu Sans" : "not found"),
               fonts ? NULL : "figures look better with it: apt-get install fonts-dejavu-core");
    if (pip && strstr(pip, " from "))
        *strstr(pip, " from ") = 0;
    doctor_add(d, pip ? FACT_OK : FACT_WARN, "pip", pip ? pip : xstrdup("not found"),
               pip ? NULL
                   : "'lowrank fetch' asks it for the package index: apt-get install python3-pip");
    add_wordnet(d);
}
