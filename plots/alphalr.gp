# Quality for each alpha and learning rate: mean over seeds; a ring marks the best rate for each alpha.
# size: 8.4 x 0.3 + 6.2 * cell_blocks
# make: lowrank sweep alphalr
# runs: fig_runs(study=alphalr)
# text: study fig_study(study=alphalr)
# data: cell fig_alphalr(study=alphalr) by panel: alpha, y, lr, best, n, mean

# Positions are in cm. One panel for each model, task and rank, one below the other.
left = 1.9; right = 2.0; bottom = 1.5; top = 0.6
pitch = (height - 0.3) / cell_blocks
set border 15
unset key
unset grid
set autoscale noextend
set style fill solid 1 noborder
set cbrange [study_scale * cell_mean_min : study_scale * (cell_mean_max > cell_mean_min ? cell_mean_max : cell_mean_min + 0.01)]
set cblabel study_label
set cbtics scale 0.4 offset -0.6, 0
set xrange [0.5 : |cell_alpha| + 0.5]
set yrange [0.5 : cell_y_max + 0.5]
set xlabel '{/:Italic α}'."\n".'{/*0.86 mean; ring: the best rate for its {/:Italic α}}'
set ylabel 'learning rate' offset 1.2, 0
set multiplot
do for [b = 0:cell_blocks - 1] {
    under = 0.1 + (cell_blocks - 1 - b) * pitch
    set lmargin at screen left / width
    set rmargin at screen (width - right) / width
    set bmargin at screen (under + bottom) / height
    set tmargin at screen (under + pitch - top) / height
    set colorbox user origin screen (width - right + 0.2) / width, screen (under + bottom) / height \
        size screen 0.22 / width, screen (pitch - top - bottom) / height
    stats data index cell_first + b using 5 name 'N' nooutput
    set title cell_panel[b + 1].', '.counted(N_min, N_max) offset 0, -0.6
    set xtics () scale 0.3
    do for [k = 1:|cell_alpha|] { set xtics add (cell_alpha[k] k) }
    # Each cell extends below the next one, so that there are no seams between them.
    plot data index cell_first + b using 1:2:($1 - 0.5):($1 + 0.52):($2 - 0.5):($2 + 0.52):($6 * study_scale):ytic(sprintf('%g', $3)) \
            with boxxyerror fillcolor palette, \
        data index cell_first + b using ($4 > 0 ? $1 : NaN):2 with points pointtype 6 pointsize 0.9 linewidth 1.6 linecolor '#ffffff', \
        data index cell_first + b using ($4 > 0 ? $1 : NaN):2 with points pointtype 6 pointsize 0.9 linewidth 0.7 linecolor '#000000'
}
unset multiplot
