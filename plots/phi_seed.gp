# Do two seeds find the same directions? phi(A_r, A_r', i, j) of one layer between seeds, and between random matrices (Figure 4).
# size: 17.5 x 0.55 + 1.35 + (17.5 - 1.1 - 1.75 - 0.45 * phi_proj_n) / (phi_proj_n + 1.0)
# make: lowrank ablate subspace
# shows: rank
# kind: subspace
# runs: fig_phi_runs(study=rank)
# text: pair fig_phi_label(study=rank, kind=seed)
# data: phi fig_phi_pair(study=rank, kind=seed) by layer, proj: i, j, phi
# data: random fig_phi_pair(study=rank, kind=random) by layer, proj: i, j, phi

# Positions are in cm. Each row has the matrices of one layer, or of two if there are many layers, and ends with
# random matrices.
per_row = phi_layer_n > 1 && phi_proj_n < 3 ? 2 * phi_proj_n : phi_proj_n
cols = per_row + 1
rows = (phi_blocks + per_row - 1) / per_row
panels = phi_blocks + rows
left = 1.1; right = 1.75; top = 0.55; bottom = 1.35; gap = 0.45
side = (width - left - right - gap * (cols - 1)) / cols
pitch = (height - bottom) / rows
# Panel b shows a block of phi, or, at the end of a row, the random matrices of its first block.
random(b) = b % cols == per_row || b / cols * per_row + b % cols >= phi_blocks
block(b) = b / cols * per_row + (random(b) ? 0 : b % cols)
name(b) = random(b) ? 'random' : 'Δ{/:Italic W}_{'.phi_proj[block(b) + 1].'}, layer '.phi_layer[block(b) + 1]
limit = most(phi_phi_max, random_phi_max) > 0.5 ? 1.0 : 0.5

set border 15
unset key
unset grid
set autoscale noextend
set datafile missing
set style fill solid 1 noborder
set cbrange [0:limit]
tic = limit > 0.5 ? 0.25 : 0.1
set cbtics tic scale 0.4 offset -0.6, 0
set label 1 '{/:Italic φ}' at screen (width - 1.29) / width, screen (height - 0.3) / height center
set xrange [0.5 : phi_j_max + 0.5]
set yrange [phi_i_max + 0.5 : 0.5]
set title offset 0, -0.7
set label 3 '{/*0.86 '.pair_i.'; '.pair_j.'; '.pair_common.'}' at screen 0.01, screen 0.16 / height left
set multiplot
do for [b = 0:panels - 1] {
    row = b / cols
    col = b % cols
    set lmargin at screen (left + col * (side + gap)) / width
    set rmargin at screen (left + col * (side + gap) + side) / width
    set bmargin at screen (bottom + (rows - 1 - row) * pitch) / height
    set tmargin at screen (bottom + (rows - 1 - row) * pitch + pitch - top) / height
    every = phi_i_max > 16 ? phi_i_max / 4 : 4
    last_row = b + cols >= panels
    set xtics ()
    set ytics ()
    do for [k = 1:phi_j_max] {
        if (k == 1 || k % every == 0) { set xtics add (last_row ? sprintf('%d', k) : '' k) }
    }
    do for [k = 1:phi_i_max] {
        if (k == 1 || k % every == 0) { set ytics add (col == 0 ? sprintf('%d', k) : '' k) }
    }
    set xtics scale 0.3 offset 0, 0.35
    set ytics scale 0.3
    if (col == 0) { set ylabel '{/:Italic i}' offset 1.6, 0 rotate by 0 } else { unset ylabel }
    if (last_row) { set xlabel '{/:Italic j}' offset 0, 0.8 } else { unset xlabel }
    set title name(b)
    if (b == 0) {
        set colorbox user origin screen (width - 1.4) / width, screen bottom / height \
            size screen 0.22 / width, screen (rows * pitch - top) / height
    } else {
        unset colorbox
        unset label 1
        unset label 3
    }
    # Each cell extends below the next one, so that there are no seams between them.
    plot data index (random(b) ? random_first : phi_first) + block(b) \
        using 2:1:($2 - 0.5):($2 + 0.6):($1 - 0.5):($1 + 0.6):3 with boxxyerror fillcolor palette
}
unset multiplot
