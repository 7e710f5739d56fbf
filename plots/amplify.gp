# How strongly do updates amplify directions of W, and how much of W lies in these directions (Table 7)? By layer: mean and range over seeds.
# size: 17.5 x 6.4
# make: lowrank ablate amplify
# shows: rank
# kind: amplify
# runs: fig_analysis_runs(study=rank, kind=amplify)
# data: factor fig_amplify(study=rank, what=factor) by series: x, lo, hi, n, mean
# data: norm fig_amplify(study=rank, what=projection) by panel, line: x, lo, hi, n, mean

# Positions are in cm. The first panel shows the factor; the others show norms, one panel for each rank, and share a key.
panels = 1 + norm_panel_n
left = 2.0; right = 0.2; top = 1.9; bottom = 1.1; gap = 1.6
each = (width - left - right - (panels - 1) * gap) / panels
x_of(p) = left + p * (each + gap)
beside(k, n) = 0.5 * (k - (n + 1) / 2.0) / n
lines = norm_blocks / norm_panel_n

set logscale y 10
set format y '%g'
set xrange [factor_x_min - 0.5 : factor_x_max + 0.5]
set xtics factor_x_max > 12 ? 4 : 1
set xlabel 'layer ('.counted(factor_n_min, factor_n_max).')'
set bmargin at screen bottom / height
set tmargin at screen (height - top) / height
set multiplot
do for [p = 0:panels - 1] {
    set lmargin at screen x_of(p) / width
    set rmargin at screen (x_of(p) + each) / width
    if (p == 0) {
        set ylabel '‖Δ{/:Italic W}‖ / ‖{/:Italic U}ᵀ{/:Italic WV}‖'
        set key at screen (x_of(0) + each / 2) / width, screen (height - top + 0.35) / height center bottom \
            vertical maxrows 3 samplen 1.4
        plot for [k = 1:factor_blocks] data index factor_first + k - 1 \
                using ($1 + beside(k, factor_blocks)):2:(0):($3 - $2) with vectors arrowstyle style(k) notitle, \
            for [k = 1:factor_blocks] data index factor_first + k - 1 \
                using ($1 + beside(k, factor_blocks)):5 with linespoints linestyle style(k) title factor_series[k]
    } else {
        set ylabel '‖{/:Italic U}ᵀ{/:Italic WV}‖, '.norm_panel[(p - 1) * lines + 1]
        if (p == 1) {
            set key at screen (x_of(1) + x_of(panels - 1) + each) / 2 / width, \
                screen (height - top + 0.35) / height center bottom vertical maxrows 3 samplen 1.4
        } else {
            unset key
        }
        plot for [k = 1:lines] data index norm_first + (p - 1) * lines + k - 1 \
                using ($1 + beside(k, lines)):2:(0):($3 - $2) with vectors arrowstyle style(k) notitle, \
            for [k = 1:lines] data index norm_first + (p - 1) * lines + k - 1 \
                using ($1 + beside(k, lines)):5 with linespoints linestyle style(k) title norm_line[k]
    }
}
unset multiplot
