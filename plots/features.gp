# What does training change in the features? Linear CKA by layer (unbiased: 0 for unrelated features): before and after training, with full fine-tuning, between seeds.
# size: (f_pair_n > 1 ? 17.5 : 8.4) x 5.4 + 0.36 * ceil(f_runs_n / (f_pair_n > 1 ? 4.0 : 2.0))
# make: lowrank ablate features
# shows: all
# runs: fig_analysis_runs(study=methods, kind=features)
# data: f fig_features(study=methods) by pair, runs: layer, lo, hi, mean, n

# The distinct pairs and methods. The index of a method gives it the same color in all panels.
array pairs[f_pair_n]
array methods[f_runs_n]
pairs_n = 0
methods_n = 0
pair_of(p) = sum [k = 1:pairs_n] (pairs[k] eq p ? k : 0)
method_of(m) = sum [k = 1:methods_n] (methods[k] eq m ? k : 0)
do for [k = 1:f_blocks] {
    if (pair_of(f_pair[k]) == 0) {
        pairs_n = pairs_n + 1
        pairs[pairs_n] = f_pair[k]
    }
    if (method_of(f_runs[k]) == 0) {
        methods_n = methods_n + 1
        methods[methods_n] = f_runs[k]
    }
}

# Positions are in cm.
left = 1.75; right = 0.2; top = 0.75; bottom = 1.15; gap = 0.45
keys = height - 5.4
pane = (width - left - right - gap * (pairs_n - 1)) / pairs_n
low = f_lo_min < 1 ? f_lo_min : 0.9 # if nothing changed: a flat line at 1
ymin = low - 0.03 * (1 - low)
set xrange [f_layer_min - 0.2 : f_layer_max + 0.2]
set yrange [ymin : 1 + 0.03 * (1 - ymin)]
set ytics step(1 - ymin)
set xtics 0, f_layer_max > 12 ? 4 : f_layer_max > 6 ? 2 : 1
set xlabel 'layer (0: embeddings)'
beside(k) = 0.14 * (k - (methods_n + 1) / 2.0) / methods_n
unset key
set title offset 0, -0.7
set multiplot
do for [p = 1:pairs_n] {
    set lmargin at screen (left + (p - 1) * (pane + gap)) / width
    set rmargin at screen (left + (p - 1) * (pane + gap) + pane) / width
    set bmargin at screen bottom / height
    set tmargin at screen (height - top - keys) / height
    if (p == 1) {
        set ylabel 'CKA (mean and range, '.counted(f_n_min, f_n_max).')' offset 1.6, 0
        set key at screen 0.5, screen (height - 0.1) / height center top maxrows ceil(methods_n / (pairs_n > 1 ? 4.0 : 2.0))
    } else {
        unset ylabel
        unset key
        set format y ''
    }
    set title pairs[p]
    plot for [k = 1:f_blocks] data index f_first + k - 1 \
            using (f_pair[k] eq pairs[p] ? $1 + beside(method_of(f_runs[k])) : NaN):2:(0):($3 - $2) \
            with vectors arrowstyle style(method_of(f_runs[k])) notitle, \
        for [k = 1:f_blocks] data index f_first + k - 1 \
            using (f_pair[k] eq pairs[p] ? $1 + beside(method_of(f_runs[k])) : NaN):4 \
            with linespoints linestyle style(method_of(f_runs[k])) notitle, \
        for [m = 1:methods_n] NaN with linespoints linestyle style(m) title methods[m]
}
unset multiplot
