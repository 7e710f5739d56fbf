# How much longer does a forward pass take with LoRA, merged or not, or with adapters (Figure 5)? By batch and length; a merged model computes what the base model does, so it shows noise.
# size: (s_blocks > 2 ? 17.5 : 4.4 * s_blocks + 2.6) x 1.7 + 0.75 * |b_batch|
# make: lowrank ablate latency
# shows: all
# data: s fig_latency(study=minilm) by weights: length, x, y, slower
# data: b fig_latency(study=minilm): batch, slower

# Positions are in cm. One panel for each method, side by side.
left = 1.25; right = 1.75; top = 0.6; bottom = 1.1; gap = 0.35
pane = (width - left - right - gap * (s_blocks - 1)) / s_blocks

set border 15
unset key
unset grid
set autoscale noextend
set style fill solid 1 noborder
low = least(0, s_slower_min)
high = most(low + 1, s_slower_max)
dark(v) = v < low + 0.55 * (high - low)
set cbrange [low:high]
set cbtics step(high - low) scale 0.4 offset -0.6, 0
set label 1 '%' at screen (width - 1.29) / width, screen (height - 0.3) / height center
set xrange [0.5 : |s_length| + 0.5]
set yrange [0.5 : |b_batch| + 0.5]
set xtics scale 0.3 offset 0, 0.35
set ytics scale 0.3
set xtics ()
do for [k = 1:|s_length|] { set xtics add (s_length[k] k) }
set title offset 0, -0.7
set multiplot
do for [b = 0:s_blocks - 1] {
    set lmargin at screen (left + b * (pane + gap)) / width
    set rmargin at screen (left + b * (pane + gap) + pane) / width
    set bmargin at screen bottom / height
    set tmargin at screen (height - top) / height
    set ytics ()
    do for [k = 1:|b_batch|] { set ytics add (b == 0 ? b_batch[k] : '' k) }
    if (b == 0) { set ylabel 'batch' offset 0.6, 0 } else { unset ylabel }
    set xlabel 'length (tokens)' offset 0, 0.6
    set title s_weights[b + 1]
    if (b == 0) {
        set colorbox user origin screen (width - 1.4) / width, screen bottom / height \
            size screen 0.22 / width, screen (height - top - bottom) / height
    } else {
        unset colorbox
        unset label 1
    }
    plot data index s_first + b \
            using 2:3:($2 - 0.5):($2 + 0.5):($3 - 0.5):($3 + 0.5):4 with boxxyerror fillcolor palette, \
        '' index s_first + b using 2:3:(dark($4) ? sprintf('%+.1f', $4) : '') with labels textcolor '#ffffff', \
        '' index s_first + b using 2:3:(dark($4) ? '' : sprintf('%+.1f', $4)) with labels textcolor '#000000'
}
unset multiplot
