<?php
/**
 * The tab with the settings, made with the Settings API; secrets can be looked for, but neither seen nor typed.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * Sections and fields as a table. To add a setting: Settings::defaults(), Settings::sanitize(), and a row here.
 */
final class Settings_Page {

	private const GROUP = 'handrail';

	/** Tell the Settings API. */
	public static function register(): void {
		register_setting(
			self::GROUP,
			Settings::OPTION,
			array(
				'type'              => 'object',
				'sanitize_callback' => array( Settings::class, 'sanitize' ),
				'default'           => Settings::defaults(),
				'show_in_rest'      => false,
			)
		);
		foreach ( self::sections() as $id => $section ) {
			list( $title, $fields ) = $section;
			add_settings_section( "handrail_$id", $title, '__return_null', self::GROUP );
			foreach ( $fields as $name => $field ) {
				list( $label, $kind, $help ) = $field;
				$more                       = array( 'name' => $name, 'kind' => $kind, 'help' => $help );
				if ( ! in_array( $kind, array( 'types', 'secret' ), true ) ) {
					$more['label_for'] = "handrail_$name";
				}
				add_settings_field( "handrail_$name", $label, array( self::class, 'show_field' ), self::GROUP, "handrail_$id", $more );
			}
		}
	}

	/** The tab. */
	public static function show(): void {
		echo '<form method="post" action="' . esc_url( admin_url( 'options.php' ) ) . '">';
		settings_fields( self::GROUP );
		do_settings_sections( self::GROUP );
		submit_button();
		echo '</form><hr>';
		echo '<h2>' . esc_html__( 'Connection', 'handrail' ) . '</h2>';
		echo '<p><button type="button" class="button" id="handrail-test">' . esc_html__( 'Test the connection', 'handrail' ) . '</button></p><ul id="handrail-steps" role="status"></ul>';
		echo '<h2>' . esc_html__( 'Index everything', 'handrail' ) . '</h2>';
		echo '<p>' . esc_html__( 'Has all public content read anew. Needed once, and after an outage that lasted for weeks.', 'handrail' ) . '</p>';
		echo '<p><button type="button" class="button" id="handrail-index">' . esc_html__( 'Index everything now', 'handrail' ) . '</button> ';
		echo '<button type="button" class="button-link" id="handrail-stop" hidden>' . esc_html__( 'Stop', 'handrail' ) . '</button></p>';
		echo '<p><progress id="handrail-progress" max="1" value="0" hidden aria-label="' . esc_attr__( 'Progress of indexing', 'handrail' ) . '"></progress> <span id="handrail-progress-text" role="status"></span></p>';
	}

	/**
	 * One field.
	 *
	 * @param array{name: string, kind: string, help: string} $field As registered.
	 */
	public static function show_field( array $field ): void {
		$name  = $field['name'];
		$id    = "handrail_$name";
		$key   = Settings::OPTION . "[$name]";
		$value = 'secret' === $field['kind'] ? '' : Settings::get( $name );
		$note  = '' === $field['help'] ? '' : "$id-help";
		switch ( $field['kind'] ) {
			case 'secret':
				self::show_secret( $name );
				break;
			case 'types':
				self::show_types( $key );
				break;
			case 'switch':
				echo '<input type="checkbox" value="1" id="' . esc_attr( $id ) . '" name="' . esc_attr( $key ) . '" aria-describedby="' . esc_attr( $note ) . '"' . checked( $value, true, false ) . '>';
				break;
			case 'lines':
				echo '<textarea rows="4" class="large-text" id="' . esc_attr( $id ) . '" name="' . esc_attr( $key ) . '" aria-describedby="' . esc_attr( $note ) . '">' . esc_textarea( $value ) . '</textarea>';
				break;
			case 'theme':
				$choices = array( '' => __( 'As the visitor’s system', 'handrail' ), 'light' => __( 'Light', 'handrail' ), 'dark' => __( 'Dark', 'handrail' ) );
				echo '<select id="' . esc_attr( $id ) . '" name="' . esc_attr( $key ) . '">';
				foreach ( $choices as $choice => $label ) {
					echo '<option value="' . esc_attr( $choice ) . '"' . selected( $value, $choice, false ) . '>' . esc_html( $label ) . '</option>';
				}
				echo '</select>';
				break;
			default:
				echo '<input class="regular-text" type="' . esc_attr( $field['kind'] ) . '" id="' . esc_attr( $id ) . '" name="' . esc_attr( $key ) . '" value="' . esc_attr( $value ) . '" aria-describedby="' . esc_attr( $note ) . '"' . ( Settings::is_fixed( $name ) ? ' readonly' : '' ) . '>';
		}
		if ( '' !== $note ) {
			echo '<p class="description" id="' . esc_attr( $note ) . '">' . esc_html( $field['help'] ) . '</p>';
		}
		if ( Settings::is_fixed( $name ) ) {
			echo '<p class="description">' . esc_html__( 'Set in wp-config.php.', 'handrail' ) . '</p>';
		}
	}

	/**
	 * Whether a secret is there, and how to put it there.
	 *
	 * @param string $name webhook, identity or notices.
	 */
	private static function show_secret( string $name ): void {
		$constant = Settings::secret_constant( $name );
		if ( '' !== Settings::secret( $name ) ) {
			echo '<span class="dashicons dashicons-yes-alt" aria-hidden="true"></span> ' . esc_html__( 'Set. It is never shown.', 'handrail' );
			return;
		}
		echo '<p>' . esc_html__( 'Missing. Put this line into wp-config.php, or set the environment variable of that name:', 'handrail' ) . '</p>';
		echo '<p><code>' . esc_html( "define( '$constant', '…' );" ) . '</code></p>';
	}

	/**
	 * A box for each public type.
	 *
	 * @param string $key The field's name in the form.
	 */
	private static function show_types( string $key ): void {
		echo '<fieldset><legend class="screen-reader-text">' . esc_html__( 'What is told', 'handrail' ) . '</legend>';
		foreach ( Settings::possible_types() as $type => $label ) {
			$box = '<input type="checkbox" name="' . esc_attr( $key ) . '[]" value="' . esc_attr( $type ) . '"' . checked( in_array( $type, Settings::post_types(), true ), true, false ) . '>';
			echo '<label>' . $box . ' ' . esc_html( $label ) . '</label><br>'; // phpcs:ignore -- the box is escaped above.
		}
		echo '</fieldset>';
	}

	/**
	 * Section → title and fields; field → label, kind and help.
	 *
	 * @return array<string, array{0: string, 1: array<string, array{0: string, 1: string, 2: string}>}>
	 */
	private static function sections(): array {
		$orders = function_exists( 'wc_get_order' )
			? array( 'orders' => array( __( 'WooCommerce orders', 'handrail' ), 'switch', __( 'So that customers can ask where theirs is: number, state, items, shipping and e-mail address.', 'handrail' ) ) )
			: array();
		return array(
			'backend' => array(
				__( 'Where Handrail is', 'handrail' ),
				array(
					'backend'  => array( __( 'Address', 'handrail' ), 'url', __( 'Such as https://support.example', 'handrail' ) ),
					'site_id'  => array( __( 'Name of this site there', 'handrail' ), 'text', '' ),
					'webhook'  => array( __( 'Webhook secret', 'handrail' ), 'secret', __( 'The command “handrail site webhooks” makes it.', 'handrail' ) ),
					'identity' => array( __( 'Identity secret', 'handrail' ), 'secret', __( 'Only needed if customers who are logged in may ask for their orders.', 'handrail' ) ),
					'notices'  => array( __( 'Notices secret', 'handrail' ), 'secret', __( 'Only needed for notices of tickets; the command “handrail site notices” makes it.', 'handrail' ) ),
				),
			),
			'told'    => array(
				__( 'What it hears of', 'handrail' ),
				array(
					'post_types' => array( __( 'Public content', 'handrail' ), 'types', __( 'Drafts, private and password-protected content are never told.', 'handrail' ) ),
					'media'      => array( __( 'Documents', 'handrail' ), 'switch', __( 'PDF, Word and text files of the media library.', 'handrail' ) ),
				) + $orders,
			),
			'chat'    => array(
				__( 'The chat', 'handrail' ),
				array(
					'floating'    => array( __( 'On every page', 'handrail' ), 'switch', __( 'Otherwise only where the block or [ai_chat] is.', 'handrail' ) ),
					'title'       => array( __( 'Title', 'handrail' ), 'text', '' ),
					'greeting'    => array( __( 'First line', 'handrail' ), 'text', '' ),
					'suggestions' => array( __( 'Suggested questions', 'handrail' ), 'lines', __( 'One in a line, six at most.', 'handrail' ) ),
					'theme'       => array( __( 'Colours', 'handrail' ), 'theme', '' ),
					'privacy_url' => array( __( 'Privacy page', 'handrail' ), 'url', __( 'Empty: the privacy page of this site.', 'handrail' ) ),
				),
			),
			'rest'    => array(
				__( 'Notices and data', 'handrail' ),
				array(
					'notice_email'        => array( __( 'E-mail address for notices', 'handrail' ), 'email', __( 'Empty: notices are shown in wp-admin alone.', 'handrail' ) ),
					'delete_on_uninstall' => array( __( 'Delete all data with the plugin', 'handrail' ), 'switch', __( 'The settings and the events that wait. What Handrail itself knows stays there.', 'handrail' ) ),
				),
			),
		);
	}
}
