# Do updates use directions that W emphasizes? phi between i directions of dW, or of a random matrix, and j directions of W (Figure 8).
# size: 17.5 x 0.95 + phi_layer_n * phi_proj_n * (0.55 + (17.5 - 1.6 - 1.75 - 0.45 * (phi_side_n - 1)) / phi_side_n * (phi_layer_n > 1 ? 0.5 : 0.8))
# make: lowrank ablate weights
# shows: rank
# kind: weights
# runs: fig_analysis_runs(study=rank, kind=weights)
# data: phi fig_phi_weight(study=rank) by layer, proj, side: j, i, phi

# Positions are in cm. One row for each layer and matrix, one column for each rank and one for random matrices.
cols = phi_side_n
rows = phi_blocks / cols
left = 1.6; right = 1.75; top = 0.55; bottom = 0.95; gap = 0.45
side = (width - left - right - gap * (cols - 1)) / cols
pitch = (height - bottom) / rows
each = |phi_j| > 1 ? phi_j[2] - phi_j[1] : 1
# The largest i of each block. stats must run before the axes have ranges.
array most_i[phi_blocks]
do for [b = 1:phi_blocks] {
    stats data index phi_first + b - 1 using 2 name 'I' nooutput
    most_i[b] = I_max
}
limit = ceil(phi_phi_max * 10) / 10.0

set border 15
unset key
unset grid
set autoscale noextend
set datafile missing
set style fill solid 1 noborder
set cbrange [0:limit]
tic = limit > 0.5 ? 0.25 : limit > 0.2 ? 0.1 : 0.05
set cbtics tic scale 0.4 offset -0.6, 0
set label 1 '{/:Italic φ}' at screen (width - 1.29) / width, screen (height - 0.3) / height center
set xrange [phi_j_min - each + 0.5 : phi_j_max + 0.5]
set title offset 0, -0.7
set multiplot
do for [b = 0:phi_blocks - 1] {
    row = b / cols
    col = b % cols
    set lmargin at screen (left + col * (side + gap)) / width
    set rmargin at screen (left + col * (side + gap) + side) / width
    set bmargin at screen (bottom + (rows - 1 - row) * pitch) / height
    set tmargin at screen (bottom + (rows - 1 - row) * pitch + pitch - top) / height
    n = int(most_i[b + 1])
    set yrange [n + 0.5 : 0.5]
    every = n > 16 ? 16 : n > 8 ? 4 : 1
    tics = ''
    do for [k = 1:n] {
        if (k == 1 || k % every == 0) {
            tics = tics.sprintf("%s'%s' %d", strlen(tics) ? ', ' : '', sprintf('%d', k), k)
        }
    }
    eval 'set ytics ('.tics.')'
    set xtics step(1.5 * phi_j_max)
    set xtics scale 0.3 offset 0, 0.35
    set ytics scale 0.3
    if (col == 0) { set ylabel '{/:Italic i} of Δ{/:Italic W}' offset 0.6, 0 } else { unset ylabel }
    if (row == rows - 1) {
        set format x '%g'
        set xlabel '{/:Italic j} of {/:Italic W}' offset 0, 0.8
    } else {
        set format x ''
        unset xlabel
    }
    set title '{/:Italic W}_{'.phi_proj[b + 1].'}, layer '.phi_layer[b + 1].', '.phi_side[b + 1]
    if (b == 0) {
        set colorbox user origin screen (width - 1.4) / width, screen bottom / height \
            size screen 0.22 / width, screen (rows * pitch - top) / height
    } else {
        unset colorbox
        unset label 1
    }
    # Each cell extends below the next one, so that there are no seams between them.
    plot data index phi_first + b \
        using 1:2:($1 - each + 0.5):($1 + 0.5 + 0.1 * each):($2 - 0.5):($2 + 0.6):3 with boxxyerror fillcolor palette
}
unset multiplot
