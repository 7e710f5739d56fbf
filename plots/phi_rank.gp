# Which directions do a small and a large rank share? phi(A_r, A_r', i, j) of one layer, with the corner j <= i enlarged (Figure 3).
# size: 17.5 x 1.35 + 3.65 * ceil(phi_proj_n / 2.0)
# make: lowrank ablate subspace
# shows: rank
# kind: subspace
# runs: fig_phi_runs(study=rank)
# text: pair fig_phi_label(study=rank, kind=rank)
# data: phi fig_phi_pair(study=rank, kind=rank) by layer, proj: i, j, phi

# Positions are in cm. Each row has two matrices: both in full, then the corners of both, enlarged.
per_row = phi_proj_n > 1 ? 2 : 1
rows_a_layer = ceil(phi_proj_n / 2.0)
rows = phi_layer_n * rows_a_layer
left = 1.0; right = 1.75; top = 0.55; bottom = 1.35; gap = 0.45; middle = 0.95
pitch = (height - bottom) / rows
side = pitch - top
full = (width - left - right - middle - (per_row - 1) * 2 * gap - per_row * side) / per_row
x_full(c) = left + c * (full + gap)
x_zoom(c) = left + per_row * full + (per_row - 1) * gap + middle + c * (side + gap)
y_of(row) = bottom + (rows - 1 - row) * pitch
row_of(b) = (b / phi_proj_n) * rows_a_layer + (b % phi_proj_n) / 2
col_of(b) = (b % phi_proj_n) % 2
name(b) = 'Δ{/:Italic W}_{'.phi_proj[b + 1].'}'

set border 15
unset key
unset grid
set autoscale noextend
limit = ceil(phi_phi_max * 10) / 10.0
set cbrange [0:limit]
between = limit > 0.5 ? 0.25 : limit > 0.2 ? 0.1 : 0.05
set cbtics between scale 0.4
set cbtics offset -0.6, 0
set label 1 '{/:Italic φ}' at screen (width - 1.29) / width, screen (height - 0.3) / height center
set datafile missing
set style fill solid 1 noborder
set yrange [phi_i_max + 0.5 : 0.5]
set title offset 0, -0.7
few = side < 2.2 && phi_i_max > 4 ? ceil(phi_i_max / 2.0) : 1
set label 3 '{/*0.86 '.pair_i.'; '.pair_j.'; '.pair_common.'}' at screen 0.01, screen 0.16 / height left
set multiplot
do for [b = 0:phi_blocks - 1] {
    do for [zoom = 0:1] {
        x = zoom ? x_zoom(col_of(b)) : x_full(col_of(b))
        set lmargin at screen x / width
        set rmargin at screen (x + (zoom ? side : full)) / width
        set bmargin at screen y_of(row_of(b)) / height
        set tmargin at screen (y_of(row_of(b)) + side) / height
        m = zoom ? phi_i_max : phi_j_max
        set xrange [0.5 : m + 0.5]
        set xtics ()
        every = m > 16 ? 16 : m > 8 ? 4 : few
        last_row = row_of(b) == rows - 1 || (phi_proj_n % 2 && row_of(b) == rows - 2)
        do for [k = 1:m] {
            if (k == 1 || k % every == 0) { set xtics add (last_row ? sprintf('%d', k) : '' k) }
        }
        set ytics ()
        do for [k = 1:phi_i_max] {
            if (k == 1 || k % few == 0) { set ytics add (col_of(b) == 0 ? sprintf('%d', k) : '' k) }
        }
        set xtics scale 0.3 offset 0, 0.35
        set ytics scale 0.3
        if (col_of(b) == 0) { set ylabel '{/:Italic i}' offset 1.2, 0 rotate by 0 } else { unset ylabel }
        if (last_row) { set xlabel '{/:Italic j}' offset 0, 0.8 } else { unset xlabel }
        set title name(b).(zoom ? ', {/:Italic j} ≤ {/:Italic i}' : ', layer '.phi_layer[b + 1])
        if (b == 0 && !zoom) {
            set colorbox user origin screen (width - 1.4) / width, screen bottom / height \
                size screen 0.22 / width, screen (rows * pitch - top) / height
        } else {
            unset colorbox
            unset label 1
            unset label 3
        }
        # Each cell extends below the next one, so that there are no seams between them.
        plot data index phi_first + b \
            using 2:1:($2 - 0.5):($2 + 0.6):($1 - 0.5):($1 + 0.6):(zoom && $2 > $1 ? NaN : $3) \
            with boxxyerror fillcolor palette
    }
}
unset multiplot
